// The live stream, and the honest answer to "is what I see still true?".

const LOST_AFTER = 8000; // milliseconds without a sign of life; one comes every three seconds

export class Live {
  constructor(query = "") {
    this.handlers = {};
    this.heard = 0; // when the last sign of life came, by this machine's clock
    this.offset = 0; // the control plane's clock minus this machine's
    this.broker = { up: true, since: null };
    this.lostAt = null;
    this.open(query);
    setInterval(() => {
      if (Date.now() - this.heard > LOST_AFTER) this.lose();
      this.tell();
    }, 1000);
  }

  // Listens from now on to what `query` names.
  open(query) {
    this.stream?.close();
    this.stream = new EventSource(`/api/v1/live${query}`);
    this.stream.onerror = () => this.lose();
    this.listen("beat", (data) => {
      this.offset = new Date(data.now).getTime() - Date.now();
      this.broker = data.broker;
    });
    for (const name of ["device", "match", "samples", "steps", "models", "resync"]) this.listen(name, () => {});
  }

  // The control plane's time. It stands still while the connection is lost: what is shown is of that moment.
  now() {
    return (this.lostAt ?? Date.now()) + this.offset;
  }

  on(name, handler) {
    (this.handlers[name] ??= []).push(handler);
    return this;
  }

  listen(name, first) {
    this.stream.addEventListener(name, (message) => {
      const back = this.heard === 0 || this.lostAt !== null;
      this.heard = Date.now();
      this.lostAt = null;
      const data = JSON.parse(message.data);
      first(data);
      // whatever was missed while the stream was down is read again
      if (back) this.emit("resync", {});
      this.emit(name, data);
      this.tell();
    });
  }

  emit(name, data) {
    for (const handler of this.handlers[name] ?? []) handler(data);
  }

  lose() {
    if (this.lostAt === null) this.lostAt = this.heard || Date.now();
    this.tell();
  }

  tell() {
    this.emit("state", this);
  }
}

export const get = (path) => ask(path, { headers: { Accept: "application/json" } });
export const send = (method, path, body) =>
  ask(path, { method, headers: { Accept: "application/json", "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function ask(path, how) {
  const answer = await fetch(path, how);
  if (answer.status === 401) location.assign(`/sign-in?to=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
  const body = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(body.detail || `The control plane answers ${answer.status}.`);
  return body;
}
