// Calls of the galleries; errors as in api.js.

import { call } from "./api.js";

export async function galleries() {
  return (await (await call("/galleries")).json()).galleries;
}

/** Make a gallery for a model; one of that name and model stays as it is. */
export async function makeGallery(name, model) {
  return (await call(`${at(name)}?model=${encodeURIComponent(model)}`, { method: "PUT" })).json();
}

/** Return a page of identities whose names follow `after`, and `next`, the `after` of the next page. */
export async function identities(gallery, after, limit) {
  const query = new URLSearchParams({ limit, ...(after ? { after } : {}) });
  return (await call(`${at(gallery, "identities")}?${query}`)).json();
}

/** Store an identity by its images; `face` chooses one of several located things. */
export async function enrol(gallery, identity, files, face) {
  const form = new FormData();
  for (const file of files) form.append("image", file);
  if (face) form.append("face", face);
  return (await call(at(gallery, "identities", identity), { method: "PUT", body: form })).json();
}

/** Erase an identity, and return the receipt. */
export async function erase(gallery, identity) {
  return (await call(at(gallery, "identities", identity), { method: "DELETE" })).json();
}

/** Return the identities nearest to one of the gallery. */
export async function neighbours(gallery, identity, top) {
  return (await call(`${at(gallery, "identities", identity, "neighbours")}?top=${top}`)).json();
}

/** Return the identities nearest to an image; `choices` are further parameters. */
export async function identify(gallery, file, choices) {
  const form = new FormData();
  form.append("image", file);
  for (const [name, value] of Object.entries(choices)) form.append(name, value);
  return (await call(at(gallery, "identify"), { method: "POST", body: form })).json();
}

function at(...names) {
  return ["/galleries", ...names.map(encodeURIComponent)].join("/");
}
