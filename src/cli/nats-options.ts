/** The flags for what NATS is shown and whom it is believed from, the same for every command that goes there. */
import { Option } from 'commander';

export const natsCreds = (): Option =>
  new Option('--nats-creds <file>', 'a .creds file, or one with the seed of an nkey').env(
    'SKEIN_NATS_CREDS',
  );

export const natsCa = (): Option =>
  new Option('--nats-ca <file>', 'PEM of the authorities that vouch for the server: TLS alone').env(
    'SKEIN_NATS_CA',
  );
