// Entry point of the page: choice of the model and the view, and the API key.

import { hasKey, manifest, models, Refusal, useKey } from "./api.js";
import { showCards } from "./cards.js";
import { CrowdView } from "./crowd.js";
import { h, refusalText, TOUCH } from "./dom.js";
import { GalleryView } from "./gallery.js";
import { PairView } from "./pair.js";

const VIEWS = ["pair", "many", "gallery", "models"];
const UNAUTHORISED = 401;

const views = { pair: new PairView(), many: new CrowdView(), gallery: new GalleryView(askForKey) };
const choice = document.getElementById("model");
const keyForm = document.getElementById("key");
const trouble = document.getElementById("trouble");

let latestUse = 0;
let shown = VIEWS[0];

/** Load the models, then use the default one. */
async function begin() {
  const list = await models();
  keyForm.hidden = true;
  choice.replaceChildren(...list.models.map(({ name, default: chosen }) => h("option", { value: name, selected: chosen }, name)));
  choice.disabled = false;
  await Promise.all([use(), showCards(list), openGallery()]);
}

/** Load the galleries, where their view is shown: a service without any is not asked for them. */
async function openGallery() {
  if (shown === "gallery" && !choice.disabled) await views.gallery.open();
}

async function use() {
  const round = (latestUse += 1);
  const arriving = manifest(choice.value);
  views.many.expect(arriving);
  const model = await arriving;
  if (round !== latestUse) return;
  for (const view of Object.values(views)) view.use(model);
}

/** Run an action; show its refusal, and ask for a missing API key. */
async function attempt(action) {
  trouble.hidden = true;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === UNAUTHORISED) askForKey(error);
    else {
      trouble.replaceChildren(
        ...refusalText(error), " ",
        h("button", { type: "button", onclick: () => attempt(action) }, "Try again"));
      trouble.hidden = false;
    }
  }
}

function askForKey(refusal) {
  document.getElementById("key-error").textContent = hasKey() ? refusal.detail : "";
  keyForm.hidden = false;
  document.getElementById("key-value").focus();
}

function show() {
  const wanted = location.hash.slice(1);
  if (VIEWS.includes(wanted)) shown = wanted; // Other fragments, such as #content, are places in a view.
  for (const name of VIEWS) {
    document.getElementById(name).hidden = name !== shown;
    const link = document.querySelector(`nav a[href="#${name}"]`);
    if (name === shown) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", () => {
  show();
  attempt(openGallery);
  scrollTo(0, 0);
  document.getElementById("content").focus({ preventScroll: true });
});
addEventListener("paste", (event) => views[shown]?.paste(event));
choice.addEventListener("change", () => attempt(use));
keyForm.addEventListener("submit", (event) => {
  event.preventDefault();
  useKey(document.getElementById("key-value").value);
  attempt(begin);
});
document.documentElement.classList.toggle("touch", TOUCH);
show();
attempt(begin);
