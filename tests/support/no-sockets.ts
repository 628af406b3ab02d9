/** Loaded before each unit test: a test that opens a socket or looks up a name belongs to another project. */
import dns from 'node:dns';
import net from 'node:net';

const refuse = (what: string) => () => {
  throw new Error(`a unit test may not ${what}; move it to tests/integration`);
};
net.Socket.prototype.connect = refuse('open a socket') as never;
net.Server.prototype.listen = refuse('listen on a socket') as never;
dns.lookup = refuse('look up a host name') as never;
