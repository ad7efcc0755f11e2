// The log of the rendering: read when its tab is opened for the first time.
export async function showLog(place) {
  const about = place.querySelector(".log-about");
  const list = place.querySelector(".log-lines");
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(place.dataset.log, { headers: { Accept: "application/json" } });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail ?? `HTTP ${response.status}`);
    list.replaceChildren(...body.lines.map(line));
    list.hidden = body.lines.length === 0;
    about.textContent = words(body);
  } catch (error) {
    about.textContent = `The log cannot be shown: ${error.message}.`;
    about.dataset.level = "bad";
  }
  place.removeAttribute("aria-busy");
}

function words({ lines, cut, state }) {
  const rest = cut ? " The run wrote more than was searched." : "";
  if (!lines.length) return `The run wrote nothing about this artifact${state === "running" ? " yet" : ""}.${rest}`;
  return `${lines.length} line${lines.length === 1 ? "" : "s"} about this artifact, of a run that renders others too.${rest}`;
}

function line({ at, level, text }) {
  const item = document.createElement("li");
  item.dataset.level = level;
  const time = document.createElement("time");
  if (at) {
    time.dateTime = at;
    time.textContent = new Date(at).toISOString().slice(11, 23);
    time.title = at;
  }
  const kind = document.createElement("span");
  kind.className = "level";
  kind.textContent = level;
  const said = document.createElement("span");
  said.className = "text";
  said.dir = "auto";
  said.textContent = text;
  item.append(time, kind, said);
  return item;
}
