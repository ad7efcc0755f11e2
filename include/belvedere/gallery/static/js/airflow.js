// Being a guest in Airflow's frame: our address goes into its address bar.
function host() {
  try {
    return parent !== window && parent.document ? parent : null;
  } catch {
    return null;
  }
}

// The page around mirrors loads of new documents only, and a moment after them; a changed query has to be said.
export function mirrorAddress(tries = 60) {
  const frame = host();
  if (!frame) return;
  if (frame.location.pathname.endsWith(location.pathname)) {
    frame.history.replaceState(frame.history.state, "", frame.location.pathname + location.search);
  } else if (tries) setTimeout(() => mirrorAddress(tries - 1), 50);
}

// The same for another path, which the document has come to without being loaded anew.
export function mirrorMove(before) {
  const frame = host();
  if (!frame?.location.pathname.endsWith(before)) return;
  const around = frame.location.pathname.slice(0, -before.length);
  frame.history.replaceState(frame.history.state, "", around + location.pathname + location.search);
}

// Where a path of ours is to be found from outside: in Airflow's frame, if we are in it.
export function placeOf(path) {
  const frame = host();
  if (!frame?.location.pathname.endsWith(location.pathname)) return path;
  return frame.location.pathname.slice(0, -location.pathname.length) + path;
}
