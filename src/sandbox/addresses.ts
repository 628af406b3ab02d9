/**
 * Which addresses egress may dial. Numeric, by prefix: names, radixes and spellings are the URL parser's affair and are
 * gone by now. IPv6 is judged by what is global unicast (2000::/3) less the ranges in it that lead elsewhere, so mapped,
 * translated and unique local forms are out without being listed.
 */
import { BlockList, isIP } from 'node:net';

const list = (ranges: readonly string[]): BlockList => {
  const blocks = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    blocks.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return blocks;
};

/** Never dialled, whatever is granted: metadata services, link-local, multicast, reserved. */
const NEVER = list([
  '0.0.0.0/8',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  'fd00:42::42/128',
  'fd00:ec2::/32',
  'fd20:ce::/32',
]);

/** Dialled only for a grant that says `privateAddresses`. */
const PRIVATE = list([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
]);

const GLOBAL_V6 = list(['2000::/3']);

/** @returns why `address` must not be dialled, or undefined */
export function addressRefusal(
  address: string,
  options: { readonly privateAddresses: boolean },
): string | undefined {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return `${address} is no plain IP address`;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (NEVER.check(address, family)) return `${address} is a reserved address`;
  if (PRIVATE.check(address, family)) {
    return options.privateAddresses ? undefined : `${address} is a private address`;
  }
  if (version === 6 && !GLOBAL_V6.check(address, 'ipv6')) return `${address} is no global address`;
  return undefined;
}
