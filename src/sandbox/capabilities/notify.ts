/** Capability `notify`: `ctx.notify.send({ channel, subject, text })` to a channel that the operator set up. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { failure, LIMITS } from '../../contracts/index.ts';
import { CALLS } from '../call-table.ts';
import { type Capability, resourceId } from './capability.ts';

const note = Compile(
  Type.Object(
    {
      channel: Type.String({ minLength: 1, maxLength: 64 }),
      subject: Type.String({ minLength: 1, maxLength: LIMITS.noteSubjectLength }),
      text: Type.String({ maxLength: LIMITS.noteTextLength }),
    },
    { additionalProperties: false },
  ),
);

export const notify: Capability<'notify'> = {
  name: 'notify',
  calls: Object.keys(CALLS.notify),
  effective: (asked, granted) =>
    asked && granted
      ? { channels: asked.channels.filter((name) => granted.channels.includes(name)) }
      : undefined,
  missing: ({ notify }) => (notify ? undefined : 'this node has no channels'),
  serve: async ({ args: [given], tenant, skill }, { channels }, { notify }) => {
    if (!note.Check(given)) {
      const { noteSubjectLength: subject, noteTextLength: text } = LIMITS;
      const reason = `the argument is { channel, subject, text } with at most ${subject} and ${text} characters`;
      return failure('HOST_CALL_INVALID', { capability: 'notify', reason });
    }
    if (!channels.includes(given.channel)) {
      const reason = `channel ${given.channel} was not granted`;
      return failure('CAPABILITY_DENIED', { capability: 'notify', reason });
    }
    return notify
      ? notify.send({ ...given, tenant, skill })
      : failure('INTERNAL', { reason: 'notify without channels' });
  },
  actionOf: ({ args: [given] }) => ({
    resource: { type: 'Channel', id: resourceId(Object(given).channel) },
    attributes: {},
  }),
};
