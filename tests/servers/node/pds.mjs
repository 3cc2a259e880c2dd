// One Bluesky personal data server on the data folder and port it is given, so that it can be
// started again on both.
import path from 'node:path';
import { PDS } from '@atproto/pds';

const { port, folder, plcUrl, rotationKeyHex, jwtSecret, adminPassword, appView } = JSON.parse(process.argv[2]);
const server = await PDS.fromEnv({
  devMode: true,
  port,
  dataDirectory: folder,
  blobstoreDiskLocation: path.join(folder, 'blobs'),
  blobstoreDiskTmpLocation: path.join(folder, 'blobs-unfinished'),
  didPlcUrl: plcUrl,
  plcRotationKeyK256PrivateKeyHex: rotationKeyHex,
  jwtSecret,
  adminPassword,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  disableSsrfProtection: true,
  bskyAppViewUrl: appView?.url,
  bskyAppViewDid: appView?.did,
  bskyAppViewCdnUrlPattern: appView ? `${appView.url}/img/%s/plain/%s/%s@jpeg` : undefined,
});
await server.start();
globalThis.ready({ url: `http://localhost:${port}` });
