// SPDX-License-Identifier: GPL-2.0-or-later
// page.js - a phone of JsSIP, as little of it as a test can do with
//
// phone.events is what has happened, with the milliseconds since the page was
// loaded; the rest is called from outside.
"use strict";

const phone = {
  events: [],

  note(what, more) {
    this.events.push({at: Math.round(performance.now()), what, more});
  },

  // server: host[:port] of the WebSocket; without it the page's own host
  start(user, domain, password, server) {
    const socket = new JsSIP.WebSocketInterface(
      `wss://${server || location.hostname}/`);
    this.ua = new JsSIP.UA({
      sockets: [socket], uri: `sip:${user}@${domain}`, password,
      session_timers: false, register_expires: 600,
    });
    for (const what of ["connected", "disconnected", "registered",
                        "unregistered", "registrationFailed"])
      this.ua.on(what, (e) => this.note(what, e && e.cause));
    this.ua.on("newRTCSession", (e) => this.take(e.session));
    this.ua.start();
  },

  options: {mediaConstraints: {audio: true, video: false},
            pcConfig: {iceServers: []}},

  call(target) {
    this.ua.call(target, this.options);
  },

  take(session) {
    this.session = session;
    for (const what of ["progress", "accepted", "confirmed", "ended",
                        "failed"])
      session.on(what, (e) => this.note(what, e && e.cause));
    session.on("sdp", (e) => this.note(`sdp ${e.originator} ${e.type}`,
                                       e.sdp));
    const listen = (connection) => {
      connection.addEventListener("track", (e) => {
        document.getElementById("ear").srcObject = e.streams[0];
      });
      connection.addEventListener("iceconnectionstatechange", () =>
        this.note(`ice ${connection.iceConnectionState}`));
      // JsSIP looks at iceConnectionState alone, which may stay "disconnected"
      connection.addEventListener("connectionstatechange", () => {
        this.note(`media ${connection.connectionState}`);
        if (connection.connectionState === "failed" && !session.isEnded())
          session.terminate();
      });
    };
    if (session.connection)
      listen(session.connection);
    session.on("peerconnection", (e) => listen(e.peerconnection));
    if (session.direction === "incoming")
      session.answer(this.options);
  },

  hangUp() {
    this.session.terminate();
  },

  happened(what, since) {
    return this.events.find((e) => e.what === what && e.at >= (since || 0));
  },

  async stats() {
    const out = {};
    const all = await this.session.connection.getStats();
    all.forEach((s) => {
      if (s.type === "inbound-rtp") {
        Object.assign(out, {received: s.packetsReceived, lost: s.packetsLost,
          energy: s.totalAudioEnergy, jitter: s.jitter,
          concealed: s.concealedSamples, samples: s.totalSamplesReceived});
      } else if (s.type === "outbound-rtp") {
        out.sent = s.packetsSent;
      } else if (s.type === "transport") {
        out.dtls = s.dtlsState;
        const pair = all.get(s.selectedCandidatePairId);
        if (pair) {
          out.local = all.get(pair.localCandidateId).address;
          out.remote = all.get(pair.remoteCandidateId).address;
          out.roundTrip = pair.currentRoundTripTime;
        }
      }
    });
    return out;
  },
};
