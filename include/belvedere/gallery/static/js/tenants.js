// The pages of tenants: they follow what happens; values and lines are copied; members are shown credentials.
import { copyFrom } from "./copying.js";
import { Credentials } from "./credentials.js";
import { listenForKeys } from "./keys.js";
import { followSections } from "./live_sections.js";

const EVERY_MS = 5000;

const panel = document.getElementById("connect");
const credentials = panel?.querySelector("[data-show]") ? new Credentials(panel) : null;

// What a button copies stands beside it, or is the block of lines below it.
function copied(button) {
  const beside = button.closest("dd")?.querySelector("code") ?? button.closest(".snippet")?.querySelector("pre");
  return beside.textContent;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  await copyFrom(button, copied(button));
  document.querySelector("[data-copied]").textContent = `${button.textContent}: ${button.ariaLabel.replace(/^copy /, "")}`;
});
document.querySelector("[data-chooser]")?.addEventListener("change", (event) => event.currentTarget.requestSubmit());
listenForKeys({ Escape: () => credentials?.hide() || document.activeElement?.blur() });
followSections({ everyMs: EVERY_MS });
