// Tells the page around a frame how high the frame's content is.
(() => {
  let told = 0;
  const tell = () => {
    const root = document.documentElement;
    const inside = root.scrollHeight > root.clientHeight ? root.scrollHeight : 0;
    const height = Math.ceil(Math.max(root.offsetHeight, inside));
    if (Math.abs(height - told) < 2) return;
    told = height;
    parent.postMessage({ belvedere: "height", height }, "*");
  };
  addEventListener("load", tell);
  new ResizeObserver(tell).observe(document.documentElement);
  tell();
})();
