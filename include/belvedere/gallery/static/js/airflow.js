// Being a guest in Airflow's frame: links to its own pages go through its router, our address into its address bar.
function host() {
  try {
    return parent !== window && parent.document ? parent : null;
  } catch {
    return null;
  }
}

export function followAirflowLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-airflow]");
    const frame = host();
    if (!link || !frame || event.defaultPrevented || event.button !== 0) return;
    event.preventDefault();
    const there = new URL(link.href);
    frame.history.pushState({}, "", there.pathname + there.search);
    frame.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  });
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
