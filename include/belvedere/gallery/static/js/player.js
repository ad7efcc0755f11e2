// Players: their signed address lives a few minutes, a film may last longer. Where it has expired, go on with a new one.
const GOOD_MS = 200000;
const NETWORK = 2;

export function keepPlaying(address) {
  document.addEventListener("error", (event) => event.target.matches?.("[data-player]") && mend(event.target, address), true);
  document.addEventListener("loadedmetadata", (event) => event.target.matches?.("[data-player]") && (event.target.born ??= Date.now()), true);
  // What happened before this script came is not told again.
  for (const player of document.querySelectorAll("[data-player]")) {
    if (player.error) mend(player, address);
    else if (player.readyState > 0) player.born ??= Date.now();
  }
}

async function mend(player, address) {
  const age = Date.now() - (player.born ?? Date.now());
  if (player.error?.code !== NETWORK && age < GOOD_MS) return say(player);
  const { currentTime, paused } = player;
  player.born = Date.now();
  player.src = await address("media", player.dataset.href);
  player.currentTime = currentTime;
  if (!paused) player.play().catch(() => {});
}

function say(player) {
  const line = player.parentElement.querySelector(".player-trouble");
  line.hidden = false;
  line.textContent = "This browser cannot play it: download the file to play it elsewhere.";
}
