/** The flags for whose packages a node runs, the same for every command that starts one. */
import type { Command } from 'commander';
import type { NodeOptions } from '../runtime/index.ts';

export interface TrustFlags {
  readonly signers?: string;
  readonly requireSigned?: boolean;
}

export const addTrustFlags = (command: Command): Command =>
  command
    .option(
      '--signers <file>',
      'YAML: whose packages run here; default trusted-signers.yaml in the data directory',
    )
    .option('--require-signed', 'run no skill that nobody trusted has signed, folders included');

export const trustOptions = ({
  signers,
  requireSigned,
}: TrustFlags): Pick<NodeOptions, 'signersFile' | 'requireSigned'> => ({
  ...(signers === undefined ? {} : { signersFile: signers }),
  ...(requireSigned === undefined ? {} : { requireSigned }),
});
