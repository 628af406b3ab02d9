/** URLs changed the way attackers change them: characters that parsers disagree about, hosts in other spellings, parts swapped. By a seed. */
import type { Random } from '../../src/contracts/index.ts';

const CHARACTERS = [
  ...'@:/\\?#[]%.-_~!$&\'()*+,;= "<>^`{|}0x',
  ...[
    '\t',
    '\n',
    '\r',
    '\0',
    '\u00a0',
    '\u200b',
    '\u3002',
    '\uff0e',
    '\uff0f',
    '\uff20',
    '\u2100',
    '\ud800',
    'ı',
    'ß',
  ],
  ...[
    '%00',
    '%2e',
    '%2f',
    '%40',
    '%5c',
    '%23',
    '%0d%0a',
    '%ef%bc%8f',
    '//',
    '..',
    '@@',
    '::',
    'xn--',
  ],
];
const HOSTS = [
  ...[
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '127.0.0.2',
  ],
  ...[
    '169.254.169.254',
    '0xa9fea9fe',
    'localhost',
    'localhost.',
    'metadata.google.internal',
    'evil.test',
    'example.com',
  ],
];
const SCHEMES = [
  'http:',
  'https:',
  'HTTP:',
  'ftp:',
  'file:',
  'ws:',
  'javascript:',
  'data:',
  '',
  'http',
  'https:/',
  'https:///',
];
const PORTS = [':22', ':0', ':65536', ':443', ':80', ':00443', ':8443', ':', ':-1', ':4 43', ':１'];

const pick = <T>(random: Random, from: readonly T[]): T =>
  from[Math.floor(random.next() * from.length)] as T;

/** @returns `url` after one to four changes, mostly few; `others` are what parts are taken from */
export function mutatedUrl(url: string, others: readonly string[], random: Random): string {
  let text = url;
  for (let changes = 1 + Math.floor(random.next() ** 2 * 4); changes > 0; changes--) {
    text = pick(random, CHANGES)(text, others, random);
  }
  return text;
}

type Change = (url: string, others: readonly string[], random: Random) => string;

const CHANGES: readonly Change[] = [
  (url, _, random) => spliced(url, place(url, random), 0, pick(random, CHARACTERS)),
  (url, _, random) => spliced(url, place(url, random), 1, pick(random, CHARACTERS)),
  (url, _, random) => spliced(url, place(url, random), 1 + Math.floor(random.next() * 4), ''),
  (url, _, random) => {
    const at = place(url, random);
    const code = (url.charCodeAt(at) || 0x2e).toString(16).padStart(2, '0').slice(-2);
    return spliced(url, at, 1, `%${code}`);
  },
  (url, _, random) => {
    const at = place(url, random);
    return spliced(url, at, 1, (url[at] ?? '').toUpperCase());
  },
  (url, others, random) => {
    const other = pick(random, others);
    return url.slice(0, place(url, random)) + other.slice(place(other, random));
  },
  (url, _, random) => url.replace(/^[^:]*:/, pick(random, SCHEMES)),
  (url, _, random) => url.replace(/(\/\/)[^/?#]*/, `$1${pick(random, HOSTS)}`),
  (url, _, random) => url.replace(/(\/\/)/, `$1${pick(random, HOSTS)}@`),
  (url, _, random) =>
    url.replace(/(\/\/[^/?#:]*)/, `$1${pick(random, [...CHARACTERS, '.'])}${pick(random, HOSTS)}`),
  (url, _, random) => url.replace(/(\/\/[^/?#]*?)(:\d+)?(?=[/?#]|$)/, `$1${pick(random, PORTS)}`),
  (url) => url.replace(/(\/\/[^/?#:]*)/, '$1.'),
];

const place = (text: string, random: Random): number =>
  Math.floor(random.next() * (text.length + 1));
const spliced = (text: string, at: number, drop: number, put: string): string =>
  text.slice(0, at) + put + text.slice(at + drop);
