/**
 * Guest code, as text: the module that stands between a run and the skill's module, for a skill and for an actor. It comes after
 * the skill's top level, which may have changed everything it uses: what that spoils is the skill's own turn, since the node
 * checks what comes out.
 *
 * `handler` is what the run calls; undefined when the module has no such export, which `run` refuses.
 */
export const SKILL_LOADER = `
import * as skill from 'skill';
export const handler = skill.default;
export const loaded = true;
`;

/** Defines `turnOf`: the turns of an exported `actor`, undefined of what is none. The author's kit runs the same text. */
export const ACTOR_TURN = `
const isObject = (value) => typeof value === 'object' && value !== null;
const own = (object, name) => (Object.hasOwn(Object(object), name) ? object[name] : undefined);

const stateOf = async (actor, { state, stateVersion, version, key }) => {
  if (state === null) return typeof actor.initial === 'function' ? actor.initial(key) : {};
  if (stateVersion === version || typeof actor.migrate !== 'function') return state;
  return actor.migrate(state, stateVersion);
};

const turnOf = (actor) => (isObject(actor) && isObject(actor.receive) ? (input, ctx) => turn(actor, input, ctx) : undefined);

const turn = async (actor, input, ctx) => {
  const { key, cause } = input;
  const state = await stateOf(actor, input);
  const wanted = { reminders: [], passivate: false, erase: false };
  const remind = (name, time, payload = null) => { wanted.reminders.push({ name, ...time, payload }); };
  const context = Object.freeze({
    ...ctx,
    key,
    remind,
    cancelReminder: (name) => { wanted.reminders.push({ name, cancel: true }); },
    passivate: () => { wanted.passivate = true; },
    erase: () => { wanted.erase = true; },
  });
  let reply = null;
  if (cause.kind === 'message') {
    const receive = own(actor.receive, cause.type);
    if (typeof receive !== 'function') throw new Error('the actor has no handler for ' + cause.type);
    reply = await receive(state, cause.payload, context);
  } else {
    const { name, sequence, dueAtMs, payload } = cause;
    const fire = own(actor.reminders, name);
    if (typeof fire === 'function') await fire(state, { name, sequence, dueAtMs, payload }, context);
    else if (typeof context.log === 'object') context.log.warn('a reminder has no handler', { name });
  }
  return { reply: reply === undefined ? null : reply, state, ...wanted };
};
`;

export const ACTOR_LOADER = `
import * as skill from 'skill';
${ACTOR_TURN}
export const handler = turnOf(skill.actor);
export const loaded = true;
`;
