// The page of help: its keys.
import { mirrorAddress } from "./airflow.js";
import { listenForKeys } from "./keys.js";

const root = document.documentElement.dataset.root;
listenForKeys({ Escape: () => location.assign(`${root}/`) });
mirrorAddress();
