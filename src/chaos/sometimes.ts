/** What must happen now and then in a sweep: a fault, or a branch, that never came has not been tested. */
export const SOMETIMES = [
  'an ask was answered',
  'an ask was not delivered',
  'an ask ended unknown',
  'an ask timed out',
  'a peer was lost',
  'a thread was lost',
  'a packet was lost',
  'a packet was repeated',
  'a packet was cut off',
  'a watched actor ended',
  'a send was refused',
  'a node crashed',
  'a thread was killed',
  'a thread hung',
] as const;

export type Sometimes = (typeof SOMETIMES)[number];
