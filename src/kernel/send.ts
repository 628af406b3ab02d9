/** What a sender learns at once. `blocked`: the message is parked and will be taken; `refused`: it was given back. */
import type { SkeinError } from '../contracts/index.ts';

export type SendResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'blocked'; readonly admitted: Promise<void> }
  | { readonly kind: 'refused'; readonly error: SkeinError };

export const ACCEPTED: SendResult = { kind: 'accepted' };
