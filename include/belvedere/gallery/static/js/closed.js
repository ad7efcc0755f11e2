// The gallery is closed for a moment: ask for this same page until it is there again, then show it.
const LONGEST = 15;
const line = document.getElementById("retry");
let wait = Number(line.dataset.seconds);
let timer = 0;
let asking = false;

async function ask() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  line.textContent = "Trying again…";
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.status !== 503) {
      location.reload();
      return;
    }
  } catch {
    // not even the server answers: it may be starting
  }
  asking = false;
  line.textContent = `Still closed. This page tries again in ${wait} seconds by itself, and comes back as it was.`;
  timer = setTimeout(ask, wait * 1000);
  wait = Math.min(wait + 2, LONGEST);
}

timer = setTimeout(ask, wait * 1000);
addEventListener("online", ask);
document.addEventListener("visibilitychange", () => document.hidden || ask());
