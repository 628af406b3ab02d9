/** Who signed a package, with which key, and who is believed. */
export { keyIdOf, PAYLOAD_TYPE, type PackageSignature, preAuthentication } from './dsse.ts';
export { makeSignerKey, readSignerKey, type SignerKey } from './signer-key.ts';
export { TrustFile, type TrustFileOptions } from './trust-file.ts';
export { judgeSignatures, readTrustedSigners, type TrustedSigner } from './trusted-signers.ts';
