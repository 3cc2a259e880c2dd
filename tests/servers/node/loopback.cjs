// Preloaded before every server here: they would listen on every address of the machine, and a
// test server has no business outside it. Also keeps standard output for the one line that says
// "ready", and ends the process with its parent, so that no killed test run leaves a server behind.
'use strict';

const net = require('node:net');

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === 'object' && given[0] !== null && 'port' in given[0]) {
    given[0] = { ...given[0], host: '127.0.0.1' };
  } else if (typeof given[0] === 'number' || /^\d+$/.test(given[0])) {
    const rest = given.slice(1).filter((part) => typeof part === 'function');
    given = [{ port: Number(given[0]), host: '127.0.0.1' }, ...rest];
  }
  return listen.apply(this, given);
};

const announce = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

/** Prints the one line that tells the parent the server answers now. */
globalThis.ready = (facts) => announce(`${JSON.stringify(facts)}\n`);

// Servers here keep their data only for a test: nothing is worth a slow goodbye.
const end = () => process.exit(0);
process.on('SIGTERM', end);
process.on('SIGINT', end);
process.stdin.on('end', end);
process.stdin.on('error', end);
process.stdin.resume();
