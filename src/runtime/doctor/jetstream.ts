/** JetStream: on, and fit for the state that nodes share. */
import { probeJetStream } from '../../journal/index.ts';
import { type Check, fail, ok, skipped } from './check.ts';

export const jetStreamCheck: Check = {
  layer: 'jetstream',
  needs: ['subjects'],
  look: async (patient) => {
    const { nats, info, cluster, random, ports } = patient;
    if (!nats) return skipped('nothing to look at');
    if (info?.hasJetStream === false)
      return fail(
        'JetStream is off',
        'Switch it on in the server’s configuration: jetstream { store_dir: … }.',
      );
    const tag = Buffer.from(random.bytes(6)).toString('hex');
    const probed = await probeJetStream({ nats, cluster, tag, clock: ports.clock });
    if (!probed.ok)
      return fail(
        `JetStream does not do what it should: ${(probed.error.details as { reason: string }).reason}`,
        'Look at the server’s log: the account may lack JetStream, room or the right to make streams.',
      );
    patient.probed = probed.value;
    return ok(
      `made, compared-and-set and read a key, ${Math.round(probed.value.roundTripMs)} ms each`,
    );
  },
};
