/** The one task of the thread that `strip-types.ts` starts. It parses, and runs nothing of the text. */
import { stripTypeScriptTypes } from 'node:module';

export default (text: string): string => stripTypeScriptTypes(text);
