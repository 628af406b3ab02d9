/** This machine's clock beside the server's. Leases do not hang on it, but logs, traces and receipts tell one story with it. */
import { type Check, fail, ok, skipped, warn } from './check.ts';

const FAIL_MS = 5_000;
const WARN_MS = 500;

export const clockCheck: Check = {
  layer: 'clock',
  needs: ['jetstream'],
  look: async ({ probed }) => {
    if (!probed) return skipped('nothing to look at');
    const { skewMs, uncertaintyMs } = probed;
    const side = skewMs > 0 ? 'behind' : 'ahead of';
    const shown = `${Math.round(Math.abs(skewMs))} ms ${side} the server’s, give or take ${Math.ceil(uncertaintyMs)} ms`;
    const sureMs = Math.abs(skewMs) - uncertaintyMs;
    const advice = 'Set the clocks of both machines by NTP (timedatectl set-ntp true).';
    if (sureMs > FAIL_MS) return fail(`this clock is ${shown}`, advice);
    if (sureMs > WARN_MS) return warn(`this clock is ${shown}`, advice);
    return ok(`this clock is ${shown}`);
  },
};
