// Keys that work everywhere; `keys` maps more of them to what they do.
const TYPING = "input:not([type=range], [type=checkbox], [type=radio]), select, textarea, [contenteditable]";

export function listenForKeys(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.querySelector(":popover-open")) return;
    if (event.target.closest?.(TYPING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = event.key === "?" ? () => document.getElementById("help").togglePopover() : keys[event.key];
    if (act && act(event) !== false) event.preventDefault();
  });
}
