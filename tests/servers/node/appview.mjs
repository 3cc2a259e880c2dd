// Bluesky's AppView over one PDS: notifications, threads, search. Its database is PostgreSQL with pg_trgm.
import { TestBsky, TestBsync, mockResolvers } from '@atproto/dev-env';

const { port, plcUrl, pdsUrl, pdsPort, postgresUrl } = JSON.parse(process.argv[2]);
const schema = 'network';

// Mutes, and what has been seen, go through this one and come back to the AppView.
const bsync = await TestBsync.create({
  apiKeys: ['bsync-api-key'], // the key that TestBsky uses
  dbUrl: postgresUrl,
  dbSchema: `bsync_${schema}`,
});
const appView = await TestBsky.create({
  port,
  publicUrl: `http://localhost:${port}`,
  plcUrl,
  pdsPort,
  bsyncApiKey: 'bsync-api-key',
  bsyncUrl: bsync.url,
  repoProvider: `ws://localhost:${pdsPort}`,
  dbPostgresSchema: `appview_${schema}`,
  dbPostgresUrl: postgresUrl,
});
bsync.ctx.dataplaneClients = [appView.ctx.dataplane];

// Handles below .test exist nowhere but on the PDS.
const pds = {
  url: pdsUrl,
  port: pdsPort,
  ctx: { cfg: { service: { publicUrl: pdsUrl }, identity: { serviceHandleDomains: ['.test'] } } },
};
mockResolvers(appView.ctx.idResolver, pds);
mockResolvers(appView.dataplane.idResolver, pds);

globalThis.ready({ url: appView.url, did: appView.serverDid });
