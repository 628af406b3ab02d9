/**
 * Guest code, as text: `ctx`, the calls through it, and the one settlement of a run. It shares a closure with the two texts
 * before it; `$0` is the only way out, a callback that takes strings and returns nothing. It posts
 *
 *     call   name, arguments (JSON), sequence      log     line (JSON)
 *     value  output (JSON), limitTouched           failed  failure (JSON), limitTouched
 *
 * The first settlement wins: from then on every call of `ctx` is refused here, and ignored by the host and the node.
 * Whatever is thrown leaves as bounded strings; a proxy or an object that is no Error is never looked into.
 */
import { CALLS } from './call-table.ts';

export const GUEST_CONTEXT = `
const post = $0;
const PromiseClass = Promise;
const ErrorClass = Error;
const symbolText = Symbol.prototype.toString;
const weakGet = WeakMap.prototype.get;
const weakSet = WeakMap.prototype.set;
const hostErrors = new WeakMap();
const readStack = (getOwnPropertyDescriptor(new Error('x'), 'stack') || {}).get;

let config = null;
let ctx = null;
let settled = false;
let issued = 0;
let answered = 0;
let logUnits = 0;
let argumentUnits = 0;
let tokens = 0;
let filledAtMs = 0;
const pending = create(null);

/* Errors of the host, as the skill sees them. */
const hostError = (facts, message) => {
  const error = new ErrorClass(message);
  hide(error, 'name', 'HostError');
  hide(error, 'code', facts.code);
  hide(error, 'retryable', facts.retryable);
  apply(weakSet, hostErrors, [error, facts]);
  return error;
};
const refused = (code, capability, reason) =>
  hostError({ __proto__: null, kind: 'call-refused', code, capability, reason, retryable: false },
    code + ': ' + capability + ': ' + reason);
const refusalText = (thrown) => {
  if (!isRefusal(thrown)) return 'an argument cannot be read';
  if (thrown.kind === 'large') return 'the arguments have too many ' + thrown.unit;
  return (thrown.pointer || '/') + ': found ' + thrown.found + ', expected ' + thrown.expected;
};
const overLimit = (code, capability, reason) => { limitTouched = true; return refused(code, capability, reason); };

/* Calls that the node answers. Grants are the node's to check: what was not granted is denied there, and audited. */
const whyNot = (capability) => {
  if (settled) return refused('CAPABILITY_DENIED', capability, 'the run has ended');
  if (issued >= config.hostCalls) return overLimit('HOST_CALLS_EXCEEDED', capability, config.hostCalls + ' calls');
  if (issued - answered >= config.hostCallsInFlight)
    return overLimit('HOST_CALLS_EXCEEDED', capability, config.hostCallsInFlight + ' calls in flight');
  /* The token bucket of call-rate.ts. */
  const rate = config.hostCallsPerSecond;
  const refilled = tokens + ((nowMs - filledAtMs) * rate) / 1000;
  tokens = refilled < rate ? refilled : rate;
  filledAtMs = nowMs;
  if (tokens < 1) return overLimit('HOST_CALLS_EXCEEDED', capability, rate + ' calls a second');
  return null;
};
const call = (capability, name, args) => new PromiseClass((resolve, reject) => {
  let no = whyNot(capability);
  if (no !== null) return reject(no);
  let text;
  try { text = encode(args, config.argumentCap); }
  catch (thrown) { return reject(refused('HOST_CALL_INVALID', capability, refusalText(thrown))); }
  no = whyNot(capability);
  if (no === null && argumentUnits + text.length > config.argumentCap.totalBytes)
    no = overLimit('HOST_CALLS_EXCEEDED', capability, config.argumentCap.totalBytes + ' bytes of arguments');
  if (no !== null) return reject(no);
  argumentUnits += text.length;
  /* Posted before it is counted: a stack that overflows here leaves no gap in the numbers. */
  const seq = issued + 1;
  const waiting = { __proto__: null, resolve, reject };
  post('call', name, text, '' + seq);
  issued = seq;
  tokens--;
  pending[seq] = waiting;
});
/* Calls as the table has them: [at least, at most] so many arguments; what was left out at the end is not sent. */
const CALLS = ${JSON.stringify(CALLS)};
const callOf = (capability, name) => {
  const least = CALLS[capability][name][0];
  const most = CALLS[capability][name][1];
  const whole = capability + '.' + name;
  return freeze((first, second, third, fourth, fifth) => {
    const given = [first, second, third, fourth, fifth];
    let count = most;
    while (count > least && given[count - 1] === undefined) count--;
    const args = [];
    for (let i = 0; i < count; i++) defineProperty(args, i,
      { __proto__: null, value: given[i], writable: true, enumerable: true, configurable: true });
    return call(capability, whole, args);
  });
};
/* Redirects, when they are to be followed: the node writes each next request, and checks it like the first. */
const ownValue = (object, key) => {
  const isObject = typeof object === 'object' && object !== null;
  const descriptor = isObject ? getOwnPropertyDescriptor(object, key) : undefined;
  return descriptor === undefined ? undefined : descriptor.value;
};
const requestHttp = freeze(async (given) => {
  let reply = await call('http', 'http.request', [given]);
  for (let next = ownValue(reply, 'next'); next !== undefined; next = ownValue(reply, 'next')) {
    const request = next.request;
    if (next.hasBody) defineProperty(request, 'body',
      { __proto__: null, value: ownValue(given, 'body'), writable: true, enumerable: true, configurable: true });
    reply = await call('http', 'http.request', [request]);
  }
  return reply;
});
const deliver = (json) => {
  const answer = parse(json);
  const waiting = pending[answer.seq];
  if (waiting === undefined) return;
  delete pending[answer.seq];
  answered++;
  if (answer.atMs > nowMs) nowMs = answer.atMs;
  if (answer.ok) return waiting.resolve(answer.value);
  waiting.reject(hostError({ __proto__: null, kind: 'call-failed', seq: answer.seq, code: answer.code,
    retryable: answer.retryable }, answer.message));
};

/* Log lines: posted, never answered. */
const LEVELS = ['debug', 'info', 'warn', 'error'];
const log = (level, message, fields) => {
  if (settled) throw refused('CAPABILITY_DENIED', 'log', 'the run has ended');
  if (!config.log) throw refused('CAPABILITY_DENIED', 'log', 'it was not granted');
  const line = { __proto__: null, level, message };
  if (fields !== undefined) line.fields = fields;
  let text;
  try { text = encode(line, config.logCap); }
  catch (thrown) {
    if (isRefusal(thrown) && thrown.unit === 'bytes') throw overLimit('LOG_EXCEEDED', 'log', 'the line is too long');
    throw refused('HOST_CALL_INVALID', 'log', refusalText(thrown));
  }
  logUnits += text.length + 32;
  if (logUnits > config.logCap.bytes) throw overLimit('LOG_EXCEEDED', 'log', config.logCap.bytes + ' bytes');
  post('log', text);
};
const asMessage = (value) => {
  if (typeof value === 'string') return apply(toWellFormed, value, []);
  if (typeof value === 'symbol') return apply(symbolText, value, []);
  if (isError(value)) return describe(value).message;
  try { return encode(value, config.logCap); } catch { return '[a value that is no JSON data]'; }
};
const consoleLine = (level) => (...values) => {
  if (settled || !config.log) return;
  let message = '';
  for (let i = 0; i < values.length; i++) message += (i === 0 ? '' : ' ') + asMessage(values[i]);
  log(level, message);
};

/* What was thrown, as strings. */
const dataAlong = (object, key) => {
  for (let up = object, hops = 0; up !== null && hops < 8; up = getPrototypeOf(up), hops++) {
    const descriptor = getOwnPropertyDescriptor(up, key);
    if (descriptor === undefined) continue;
    if (hasOwn(descriptor, 'value')) return descriptor.value;
    return descriptor.get === readStack && readStack !== undefined ? apply(readStack, object, []) : undefined;
  }
  return undefined;
};
const readText = (object, key, length, otherwise) => {
  try {
    const value = dataAlong(object, key);
    return typeof value === 'string' ? cut(value, length) : otherwise;
  } catch { return otherwise; }
};
const describe = (thrown) => {
  const threw = (name, message, stack) => ({ __proto__: null, kind: 'threw', name, message, stack });
  if (typeof thrown === 'string') return threw('string', cut(thrown, 2000));
  if (typeof thrown === 'symbol') return threw('symbol', cut(apply(symbolText, thrown, []), 2000));
  if (typeof thrown === 'function') return threw('function', 'threw a function');
  if (typeof thrown !== 'object' || thrown === null) return threw(typeof thrown, 'threw ' + thrown);
  if (!isError(thrown)) return threw('object', 'threw an object that is no Error');
  return threw(readText(thrown, 'name', 100, 'Error'), readText(thrown, 'message', 2000, ''),
    readText(thrown, 'stack', 4000));
};
const failureOf = (thrown) => {
  if (isAllocationFailure(thrown)) return { __proto__: null, kind: 'out-of-memory' };
  return apply(weakGet, hostErrors, [thrown]) || describe(thrown);
};

/* The run. */
const settle = (kind, text) => post(kind, text, limitTouched ? '1' : '0');
const fail = (thrown) => { settled = true; settle('failed', stringify(failureOf(thrown))); };
const succeed = (value) => {
  settled = true;
  let text;
  try { text = encode(value, config.outputCap); }
  catch (thrown) {
    const facts = isRefusal(thrown) ? thrown
      : { __proto__: null, kind: 'invalid', pointer: '', found: 'a value that cannot be read', expected: 'plain JSON data' };
    facts.kind = facts.kind === 'large' ? 'output-too-large' : 'output-invalid';
    return settle('failed', stringify(facts));
  }
  settle('value', text);
};
const run = async (handler, input) => {
  let value;
  try {
    if (typeof handler !== 'function') {
      settled = true;
      return settle('failed', stringify({ __proto__: null, kind: 'refused', reason: config.missing }));
    }
    value = await handler(parse(input), ctx);
  } catch (thrown) { return fail(thrown); }
  succeed(value);
};

const configure = (json) => {
  config = parse(json);
  nowMs = config.startWallMs;
  tokens = config.hostCallsPerSecond;
  filledAtMs = nowMs;
  s0 = config.seed[0]; s1 = config.seed[1]; s2 = config.seed[2]; s3 = config.seed[3] | 1;
  const logger = create(null);
  const output = {};
  for (const level of LEVELS) {
    logger[level] = freeze((message, fields) => log(level, asMessage(message), fields));
    output[level] = consoleLine(level);
  }
  output.log = output.info;
  hide(globalThis, 'console', output);
  const offered = {};
  for (const capability in CALLS) {
    const calls = {};
    for (const name in CALLS[capability]) calls[name] = callOf(capability, name);
    if (capability === 'http') calls.request = requestHttp;
    offered[capability] = freeze(calls);
  }
  offered.log = freeze({ debug: logger.debug, info: logger.info, warn: logger.warn, error: logger.error });
  ctx = freeze(offered);
};

return {
  configure,
  deliver,
  start: (handler, input) => { run(handler, input); },
  status: () => (settled ? 'settled' : '' + (issued - answered)),
};
`;
