/** The egress guard with a resolver that is played: nothing here is looked up or dialled. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEgress, type HttpGrant } from '../../../src/sandbox/egress.ts';

const GRANT: HttpGrant = { hosts: ['api.example.com', 'other.example.com:8443'], methods: ['GET'] };
const PUBLIC = '93.184.215.14';

const check = async (url: string, addresses: readonly string[] = [PUBLIC], grant = GRANT) => {
  const asked: string[] = [];
  const result = await checkEgress(url, grant, async (hostname) => {
    asked.push(hostname);
    return addresses;
  });
  return { result, asked };
};

describe('egress goes to', () => {
  test.each([
    ['https://api.example.com/', 443],
    ['http://api.example.com/a?b=c#d', 80],
    ['https://API.example.COM/', 443],
    ['https://api.example.com:443/', 443],
    ['https://api.example.com/%2e%2e/x', 443],
    ['https://other.example.com:8443/', 8443],
  ])('%s', async (url, port) => {
    const { result, asked } = await check(url);
    expect(result).toMatchObject({ ok: true, value: { address: PUBLIC, port } });
    expect(asked).toHaveLength(1);
  });
});

describe('egress is refused, without asking for an address, to', () => {
  test.each([
    'https://example.com/',
    'https://api.example.com.evil.test/',
    'https://evil.test/api.example.com',
    'https://apiXexample.com/',
    'https://api.example.com./',
    'https://api.example.com%2eevil.test/',
    'https://xn--api-example-com.test/',
    'https://api.example.com@evil.test/',
    'https://user:pass@api.example.com/',
    'https://api.example.com\\@evil.test/',
    ' https://api.example.com/',
    'https://api\u3002example\u3002com/',
    'https://api.example.com:22/',
    'https://api.example.com:0/',
    'https://other.example.com/',
    'http://127.0.0.1/',
    'http://0x7f000001/',
    'http://2852039166/',
    'http://0xa9.0376.43518/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost/',
    'file:///etc/passwd',
    'wss://api.example.com/',
    'data:text/plain,hello',
    'javascript:1',
    'HTTPS+https://api.example.com/',
    '//api.example.com/',
    '',
    'https://',
    'https://api.example.com%00/',
    'https://api.exam\tple.com/',
    `https://api.example.com/${'x'.repeat(8_192)}`,
  ])('%s', async (url) => {
    const { result, asked } = await check(url);
    expect(result).toMatchObject({ ok: false, error: { code: 'EGRESS_REFUSED' } });
    expect(asked).toEqual([]);
  });
});

describe('an address is never dialled when it is', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.3.3',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '203.0.113.7',
    '192.88.99.1',
    '168.63.129.16',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::ffff:0:127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '2001:0:7f00:1::1',
    '2002:7f00:1::',
    '2001:db8::1',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '100::1',
    'not an address',
  ])('%s, alone or behind a good one', async (address) => {
    for (const addresses of [[address], [PUBLIC, address]]) {
      const { result } = await check('https://api.example.com/', addresses);
      expect(result).toMatchObject({ ok: false, error: { code: 'EGRESS_REFUSED' } });
    }
  });
});

describe('a grant for private addresses', () => {
  const grant: HttpGrant = {
    hosts: ['service.internal', '127.0.0.1:9000', '[::1]:9000'],
    methods: ['GET'],
    privateAddresses: true,
  };

  test.each([
    ['http://service.internal/', '10.0.0.7'],
    ['http://127.0.0.1:9000/', '127.0.0.1'],
    ['http://[::1]:9000/', '::1'],
  ])('lets %s go to %s', async (url, address) => {
    expect((await check(url, [address], grant)).result).toMatchObject({
      ok: true,
      value: { address },
    });
  });

  test.each([
    '169.254.169.254',
    '0.0.0.0',
    'fe80::1',
    '224.0.0.1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
  ])('does not reach %s', async (address) => {
    const { result } = await check('http://service.internal/', [address], grant);
    expect(result).toMatchObject({ ok: false, error: { code: 'EGRESS_REFUSED' } });
  });
});

test('a name that does not resolve fails, and may be tried again', async () => {
  const { result } = await check('https://api.example.com/', []);
  expect(result).toMatchObject({ ok: false, error: { code: 'EGRESS_FAILED', retryable: true } });
});

test('a mangled URL is refused or goes to the granted host, never elsewhere', async () => {
  const pieces = fc.constantFrom(
    'https:',
    'http:',
    '//',
    '/',
    '\\',
    '@',
    ':',
    '443',
    '22',
    'api.example.com',
    'evil.test',
    '.',
    '%2e',
    '%00',
    '#',
    '?',
    '[',
    ']',
    '127.0.0.1',
    ' ',
    '\n',
    'x',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (parts) => {
      const { result, asked } = await check(parts.join(''));
      for (const hostname of asked) expect(hostname).toBe('api.example.com');
      if (result.ok) expect(result.value.url.hostname).toBe('api.example.com');
    }),
    { numRuns: 2_000 },
  );
});
