/** Names of users as parts of keys of the shared state. */

/** What a key of the state may not have becomes `=` and two hex digits a byte, as in quoted-printable. */
export const encodeKey = (key: string): string =>
  key.replaceAll(/[^A-Za-z0-9_-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  );
