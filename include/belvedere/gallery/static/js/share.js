// Addresses to hand on: whole ones, with the view that is open, and inside Airflow with Airflow's frame around.
import { placeOf } from "./airflow.js";

export function fillAddresses(panel) {
  const tab = new URLSearchParams(location.search).get("tab");
  for (const field of panel.querySelectorAll("[data-address]")) {
    const address = new URL(placeOf(field.dataset.address), location.origin);
    if (tab) address.searchParams.set("tab", tab);
    field.value = address.href;
  }
}
