// Questions to the laboratory's server, which lies beside this page.

/** What the server answers to a question; an Error with its sentence for what it refuses. */
export async function ask(method, question) {
  const options = { method: "POST" };
  if (question instanceof Blob) options.body = question;
  else if (question !== undefined) Object.assign(options, { body: JSON.stringify(question), headers: { "Content-Type": "application/json" } });
  let reply;
  try {
    reply = await fetch(`api/${method}`, question === undefined ? {} : options);
  } catch {
    throw new Error("The laboratory's server doesn't answer any more; start it again with `make lab`.");
  }
  const answer = await reply.json().catch(() => ({ error: `the server answered ${reply.status}` }));
  if (!reply.ok) throw new Error(answer.error);
  return answer;
}

/** A file of the server. */
export async function file(path) {
  const reply = await fetch(`api/${path}`).catch(() => ({ ok: false, text: () => "the laboratory's server doesn't answer" }));
  if (!reply.ok) throw new Error(await reply.text());
  return reply.blob();
}

/** A function that asks for the newest wish alone: while one question is open, later wishes replace each other. */
export function latest(work) {
  let open = false;
  let wish = null;
  return async function wanted(given) {
    wish = { given };
    if (open) return;
    open = true;
    while (wish) {
      const next = wish.given;
      wish = null;
      await work(next);
    }
    open = false;
  };
}
