/// A state as the first version wrote it; the hashes were computed by another program.
enum FrozenState1 {
  static let genesis = "a4bc1842f0bb0750d36c8c288cd697159367ac44f35a7712490ea149f1bf1b86"
  static let first = "cb0237bcb5548a6538d77e9b95a784f1db95ec80a3207b5120cf000a31521eeb"
  static let sql = """
    PRAGMA application_id = 1380076362;
    CREATE TABLE schema_version(version INTEGER NOT NULL PRIMARY KEY);
    CREATE TABLE runs(
      run TEXT NOT NULL PRIMARY KEY, plan_id TEXT NOT NULL, plan_digest TEXT NOT NULL, plan_path TEXT NOT NULL, targets TEXT NOT NULL,
      created INTEGER NOT NULL, tool_version TEXT NOT NULL, initiator TEXT NOT NULL, sum BLOB NOT NULL, params TEXT NOT NULL,
      plan_bytes BLOB NOT NULL);
    CREATE TABLE run_state(
      run TEXT NOT NULL PRIMARY KEY REFERENCES runs(run), head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL, status TEXT,
      exit_code INTEGER, updated INTEGER) WITHOUT ROWID;
    CREATE TABLE log(
      run TEXT NOT NULL, seq INTEGER NOT NULL, epoch INTEGER NOT NULL, at INTEGER NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
      payload TEXT NOT NULL, prev_hash BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;
    CREATE TABLE requests(
      number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL REFERENCES runs(run), kind TEXT NOT NULL,
      argument TEXT NOT NULL, who TEXT NOT NULL, from_where TEXT NOT NULL, at INTEGER NOT NULL, sum BLOB NOT NULL, consumed_seq INTEGER);
    CREATE INDEX requests_of_run ON requests(run);
    CREATE TABLE progress(
      run TEXT NOT NULL, effect TEXT NOT NULL, at INTEGER NOT NULL, payload TEXT NOT NULL, PRIMARY KEY(run, effect)) WITHOUT ROWID;
    CREATE TABLE windows(
      number INTEGER PRIMARY KEY, run TEXT NOT NULL, trigger TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,
      first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, payload TEXT NOT NULL);
    CREATE INDEX windows_of_trigger ON windows(run, trigger);
    CREATE TABLE output(
      number INTEGER PRIMARY KEY, run TEXT NOT NULL, effect TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL,
      text TEXT NOT NULL);
    CREATE INDEX output_of_effect ON output(run, effect);
    INSERT INTO schema_version VALUES (1);
    INSERT INTO runs(run, plan_id, plan_digest, plan_path, targets, created, tool_version, initiator, sum, params, plan_bytes)
      VALUES ('r1', 'p', 'sha256:abc', 'p.yaml', '{}', 1700000000000, '0.1.0', 'ana',
        x'27f4e35a97b3216c7d7461c6340ced90a0376d5e2d1fbbba75b789f5b2c38cde', '{"n":1}', x'7b7d');
    INSERT INTO run_state VALUES ('r1', 2, x'367ee0ba5f5e66f21f4889899b37e761c5b81ad3269f718bdb0341dc72fe6c75', 'succeeded', 0, 1700000000001);
    INSERT INTO log VALUES ('r1', 1, 1, 1700000000000, 1, 'runStarted', '{"a":{"@duration":5}}',
      x'a4bc1842f0bb0750d36c8c288cd697159367ac44f35a7712490ea149f1bf1b86', x'cb0237bcb5548a6538d77e9b95a784f1db95ec80a3207b5120cf000a31521eeb');
    INSERT INTO log VALUES ('r1', 2, 1, 1700000000001, 1, 'runEnded', '{"status":"succeeded"}',
      x'cb0237bcb5548a6538d77e9b95a784f1db95ec80a3207b5120cf000a31521eeb', x'367ee0ba5f5e66f21f4889899b37e761c5b81ad3269f718bdb0341dc72fe6c75');
    INSERT INTO requests(id, run, kind, argument, who, from_where, at, sum)
      VALUES ('q1', 'r1', 'pause', 'null', 'ana', 'host1', 1700000000002,
        x'eedf3ee154bb606673e47ca9b6fc814145e3dc709ab4f95cd81fd1c6ac1b0611');
    """
}
