// SPDX-License-Identifier: GPL-2.0-or-later
// npm-client.js - the npm package rtpengine-client drives a relay
//
// npm: rtpengine-client@0.4.12 debug@4
// (it needs debug, which it does not declare)
'use strict';

const assert = require('assert');
const dgram = require('dgram');
const {Client} = require('rtpengine-client');

const relay = {
  host: process.env.RTPENGINE_HOST,
  port: Number(process.env.RTPENGINE_PORT),
};
const media = process.env.RELAY_V4;
const client = new Client({timeout: 3000, localAddress: '127.0.0.1'});

function sdp(address, port) {
  return ['v=0', `o=- 1 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`,
    't=0 0', `m=audio ${port} RTP/AVP 0`, 'a=x-own:kept', ''].join('\r\n');
}

function relayed(reply) {
  assert.strictEqual(reply.result, 'ok');
  assert.match(reply.sdp, new RegExp(`^c=IN IP4 ${media}\r$`, 'm'));
  assert.match(reply.sdp, /^a=x-own:kept\r$/m);
  return Number(reply.sdp.match(/^m=audio (\d+) /m)[1]);
}

// Resolves with the first datagram; ctest's time limit is its own.
function phone(address, port) {
  const socket = dgram.createSocket('udp4');
  const first = new Promise((resolve) => socket.once('message', resolve));
  return new Promise((resolve) => socket.bind(port, address, () =>
    resolve({socket, first})));
}

async function test() {
  const call = {'call-id': 'npm-1', 'from-tag': 'f'};
  assert.deepStrictEqual(await client.ping(relay), {result: 'pong'});
  console.log('ok: ping');

  const toCaller = relayed(await client.offer(relay, {
    ...call, sdp: sdp('198.51.100.1', 4000), flags: ['trust-address'],
    replace: ['origin'], ICE: 'remove',
  }));
  const toCallee = relayed(await client.answer(relay, {
    ...call, 'to-tag': 't', sdp: sdp('198.51.100.2', 5000),
  }));
  assert.notStrictEqual(toCaller, toCallee);
  console.log('ok: offer and answer');

  const a = await phone('198.51.100.1', 4000);
  const b = await phone('198.51.100.2', 5000);
  const packet = Buffer.from('800000010000000a0000000b' + 'ab'.repeat(160), 'hex');
  a.socket.send(packet, toCallee, media);
  assert.deepStrictEqual(await b.first, packet);
  b.socket.send(packet, toCaller, media);
  assert.deepStrictEqual(await a.first, packet);
  console.log('ok: a packet each way');

  const query = await client.query(relay, call);
  assert.strictEqual(query.result, 'ok');
  assert.deepStrictEqual(Object.keys(query.tags).sort(), ['f', 't']);
  assert.strictEqual(query.totals.RTP.packets, 2);
  assert.strictEqual(query.totals.RTP.bytes, 2 * packet.length);
  console.log('ok: query');

  const list = await client.list(relay, {limit: 10});
  assert.deepStrictEqual(list.calls, ['npm-1']);
  const {statistics} = await client.statistics(relay);
  assert.strictEqual(statistics.currentstatistics.sessionstotal, 1);
  console.log('ok: list and statistics');

  const gone = await client.delete(relay, {...call, 'delete delay': 0});
  assert.strictEqual(gone.result, 'ok');
  assert.strictEqual(gone.totals.RTP.packets, 2);
  assert.deepStrictEqual(await client.query(relay, call),
    {result: 'error', 'error-reason': 'Unknown call-id'});
  assert.strictEqual((await client.playMedia(relay, call)).result, 'error');
  console.log('ok: delete, and what is not there is an error');
}

test().then(() => process.exit(0), (error) => {
  console.error('not ok:', error);
  process.exit(1);
});
