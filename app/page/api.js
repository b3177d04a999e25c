// Calls of the service's HTTP API; an error answer is thrown as a Refusal.

export const ROOT = document.documentElement.dataset.root;
const MAX_TRIES = 3;
const MAX_WAIT_S = 5;

let key = null;

/** Error answer of the service, or a failed connection; `detail` is for the user, `slug` the type. */
export class Refusal extends Error {
  constructor(status, title, detail, type = "") {
    super(detail);
    this.status = status;
    this.slug = type.split(":").at(-1);
    this.title = title;
    this.detail = detail;
  }
}

/** Set the API key of all further calls; it is held only in memory. */
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

/** Return the answer of /verify for two files; `choices` are further parameters. */
export async function verify(one, other, model, choices) {
  const form = new FormData();
  form.append("image1", one);
  form.append("image2", other);
  form.append("model", model);
  for (const [name, value] of Object.entries(choices ?? {})) form.append(name, value);
  return (await call("/verify", { method: "POST", body: form })).json();
}

/** Return the embeddings of several files, in their order. */
export async function embed(files, model) {
  const form = new FormData();
  for (const file of files) form.append("image", file);
  form.append("model", model);
  return (await call("/embed", { method: "POST", body: form })).json();
}

/** Return the answer of /compare for one embedding and others. */
export async function compare(probe, gallery, model, fmr) {
  const body = JSON.stringify({ probe, gallery, model, ...(fmr === null ? {} : { fmr }) });
  return (await call("/compare", { method: "POST", body }, { "Content-Type": "application/json" })).json();
}

/** Return the model's input for a file, as a picture; `face` chooses one of several located things. */
export async function preview(file, model, face) {
  const form = new FormData();
  form.append("image", file);
  form.append("model", model);
  if (face) form.append("face", face);
  return (await call("/preview", { method: "POST", body: form })).blob();
}

/** Return one of the page's example images. */
export async function example(name) {
  const blob = await (await call(`/page/examples/${name}`)).blob();
  return new File([blob], name, { type: blob.type });
}

/** Return the curl command that makes the same call as `verify`. */
export function curlOf(one, other, model, choices) {
  const parts = [`curl -s ${shellQuoted(`${location.origin}${ROOT}/verify`)}`];
  if (hasKey()) parts.push("-H 'X-API-Key: YOUR-KEY'");
  parts.push(`-F ${shellQuoted(`image1=@${curlName(one)}`)}`, `-F ${shellQuoted(`image2=@${curlName(other)}`)}`);
  parts.push(`-F ${shellQuoted(`model=${model}`)}`);
  for (const [name, value] of Object.entries(choices)) parts.push(`-F ${name}=${value}`);
  return parts.join(" \\\n     ");
}

const PLAIN = /^[A-Za-z0-9._/:=@-]+$/;

function shellQuoted(text) {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Quote a file's name for curl's -F. */
function curlName(file) {
  return PLAIN.test(file.name) ? file.name : `"${file.name.replace(/["\\]/g, "\\$&")}"`;
}

/** Make a call; an answer of 429 or 503 is asked for again, after the time that it names. */
export async function call(path, options = {}, headers = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(path, options, headers);
    if (answer.ok) return answer;
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    const again = [429, 503].includes(answer.status) && attempt < MAX_TRIES;
    if (!again || !(wait <= MAX_WAIT_S)) throw await toRefusal(answer);
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
}

async function request(path, options, headers) {
  try {
    return await fetch(ROOT + path, { ...options, headers: key ? { ...headers, "X-API-Key": key } : headers });
  } catch {
    throw new Refusal(
      0,
      "The service cannot be reached",
      "There was no answer. Check that the service is running and that you are online, then try again. Your images are still here.",
    );
  }
}

async function toRefusal(answer) {
  try {
    const problem = await answer.json();
    return new Refusal(answer.status, problem.title, problem.detail, problem.type);
  } catch {
    return new Refusal(answer.status, `Answer ${answer.status}`, "The answer gives no details.");
  }
}
