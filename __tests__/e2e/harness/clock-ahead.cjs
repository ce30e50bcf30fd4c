/** Preloaded into every Node.js of a machine: its clock is ahead. */
const { Date: RealDate } = globalThis;
const now = () => RealDate.now() + Number(process.env.E2E_CLOCK_AHEAD_MS);

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, as) => Reflect.construct(target, given.length === 0 ? [now()] : given, as),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
