// The calls of the service. A refusal becomes a Refusal, which a person can read.

export const ROOT = document.documentElement.dataset.root;
const MOST_TRIES = 3;
const LONGEST_WAIT_S = 5;

let key = null;

/** What the service, or the way to it, refused: `detail` in its own words. */
export class Refusal extends Error {
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

/** The key that is sent from now on; it is held in memory alone. */
export function useKey(value) {
  key = value;
}

export function hasKey() {
  return key !== null;
}

export async function models() {
  return (await call("/models")).json();
}

export async function manifest(name) {
  return (await call(`/models/${encodeURIComponent(name)}`)).json();
}

/** The answer of /verify for two files. */
export async function verify(one, other, model) {
  const form = new FormData();
  form.append("image1", one);
  form.append("image2", other);
  form.append("model", model);
  return (await call("/verify", { method: "POST", body: form })).json();
}

/** The embeddings of several files, in their order. */
export async function embed(files, model) {
  const form = new FormData();
  for (const file of files) form.append("image", file);
  form.append("model", model);
  return (await call("/embed", { method: "POST", body: form })).json();
}

/** A picture of what the model is given of a file. */
export async function preview(file, model) {
  const form = new FormData();
  form.append("image", file);
  form.append("model", model);
  return (await call("/preview", { method: "POST", body: form })).blob();
}

/** One of the page's own pictures. */
export async function example(name) {
  const blob = await (await call(`/page/examples/${name}`)).blob();
  return new File([blob], name, { type: blob.type });
}

/** The command that does in a shell what `verify` did here. */
export function curlOf(one, other, model, fmr) {
  const parts = [`curl -s ${quoted(`${location.origin}${ROOT}/verify`)}`];
  if (hasKey()) parts.push("-H 'X-API-Key: YOUR-KEY'");
  parts.push(`-F ${quoted(`image1=@${named(one)}`)}`, `-F ${quoted(`image2=@${named(other)}`)}`);
  parts.push(`-F ${quoted(`model=${model}`)}`);
  if (fmr !== null) parts.push(`-F fmr=${fmr}`);
  return parts.join(" \\\n     ");
}

const PLAIN = /^[A-Za-z0-9._/:=@-]+$/;

function quoted(text) {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A file's name as curl's -F takes it. */
function named(file) {
  return PLAIN.test(file.name) ? file.name : `"${file.name.replace(/["\\]/g, "\\$&")}"`;
}

async function call(path, options = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await reach(path, options);
    if (answer.ok) return answer;
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    const again = [429, 503].includes(answer.status) && attempt < MOST_TRIES;
    if (!again || !(wait <= LONGEST_WAIT_S)) throw await refusal(answer);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

async function reach(path, options) {
  try {
    return await fetch(ROOT + path, { ...options, headers: key ? { "X-API-Key": key } : {} });
  } catch {
    throw new Refusal(
      0,
      "The service cannot be reached",
      "Nothing answered. Is it running, and are you online? Your images are still here: try again.",
    );
  }
}

async function refusal(answer) {
  try {
    const problem = await answer.json();
    return new Refusal(answer.status, problem.title, problem.detail);
  } catch {
    return new Refusal(answer.status, `Answer ${answer.status}`, "The answer says no more.");
  }
}
