// The directory of identities (did:plc), in memory. A process of its own: identities must outlive
// a PDS that a test kills.
import plc from '@did-plc/server';

const { port } = JSON.parse(process.argv[2]);
const server = plc.PlcServer.create({ db: plc.Database.mock(), port });
await server.start();
globalThis.ready({ url: `http://localhost:${port}` });
