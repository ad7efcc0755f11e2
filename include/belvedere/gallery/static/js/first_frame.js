// The picture first: the open view's frame is asked for as soon as the page is read, before any module is there.
// What the frame says of its height meanwhile is kept for frames.js.
document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return;
  const frame = document.querySelector("#viewer [role=tabpanel]:not([hidden]) iframe[data-href]");
  if (!frame || new URLSearchParams(location.search).has("tab")) return;
  const theme = frame.dataset.paper || document.documentElement.dataset.theme;
  addEventListener("message", ({ source, data }) => {
    if (source === frame.contentWindow && data?.belvedere === "height") frame.said = data;
  });
  frame.parentElement.setAttribute("aria-busy", "true");
  frame.addEventListener("load", () => frame.parentElement?.removeAttribute("aria-busy"), { once: true });
  frame.dataset.theme = theme;
  frame.src = `${frame.dataset.href}?theme=${theme}`;
});
