/** The version of this build, as its package says. */
import { readFile } from 'node:fs/promises';

export async function buildVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
