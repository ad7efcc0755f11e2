// What the server has drawn is shown first: the scripts of the page come after its first frame.
const begin = () => document.querySelectorAll("link[data-begin]").forEach((link) => import(link.href));

if (document.hidden) begin();
else requestAnimationFrame(() => setTimeout(begin));
