// The upload page: the box fills it, and files may be dropped anywhere.
import { listenForKeys } from "./keys.js";
import { UploadBox } from "./upload_box.js";

const place = document.getElementById("upload");
if (place) {
  const box = new UploadBox(place, document.documentElement.dataset.root, JSON.parse(place.dataset.targets));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.types.includes("Files")) box.dropped(event.dataTransfer);
  });
}
listenForKeys({});
