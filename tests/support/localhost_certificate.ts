import type { TempFolder } from "./temp_folder.ts";

/** Writes the certificate into a folder; returns the keys of the configuration that name it. */
export async function writeCertificate(
  folder: TempFolder,
): Promise<{ tls_certificate: string; tls_key: string }> {
  const [tls_certificate, tls_key] = [folder.join("cert.pem"), folder.join("key.pem")];
  await Deno.writeTextFile(tls_certificate, CERTIFICATE);
  await Deno.writeTextFile(tls_key, KEY);
  return { tls_certificate, tls_key };
}

/** For localhost, until 2126. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmDCCAT6gAwIBAgIUV3v3SRQmfbAVAiDFsoE/mUd6sqYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE2MDgxMFoYDzIxMjYxMTA0
MTYwODEwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASin3EZCOarKbCHeKOPhN9lwSRjoAERiNKJwQjKcSJ3n6OKBxO9OeTB
yINDdfHIrKeXg26JdYIRgbGVhy2KWnCko2wwajAdBgNVHQ4EFgQUaH5fH1Nl+ydj
44BjHWOwNVQOLDYwHwYDVR0jBBgwFoAUaH5fH1Nl+ydj44BjHWOwNVQOLDYwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0E
AwIDSAAwRQIgC5DB8KikG5pKKbO9d5g1wCdCY3Q4FUK9z9B1mCNGUB8CIQCYKlkI
kyFYk8LjcY8pbTFMgzSTDet6IWTk4BhaChBEGQ==
-----END CERTIFICATE-----
`;

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNwawZBvuDYRNtMYZ
qCiFTVffY0Lq0djPqXVNYTdKye2hRANCAASin3EZCOarKbCHeKOPhN9lwSRjoAER
iNKJwQjKcSJ3n6OKBxO9OeTByINDdfHIrKeXg26JdYIRgbGVhy2KWnCk
-----END PRIVATE KEY-----
`;
