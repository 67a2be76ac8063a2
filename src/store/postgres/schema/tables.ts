/** Makes the head of a log without commits, unless there is one. */
export const HEAD_AT_START: string = "insert into _restuary_head values (1, 0, '', '') on conflict do nothing"

/**
 * The tables of the store itself. The row of `_restuary_head` orders the commits of all nodes: whoever commits changes it, and
 * its lock is held until the commit is visible. So positions have no gaps, and their order is the order in which commits
 * become visible. `_restuary_changed` has the last change to each resource, so that all nodes tell the same versions of lists.
 */
export const OWN_TABLES: string = `
  create table if not exists _restuary_head(
    k int primary key, pos bigint not null, epoch text not null, boot text not null, nonce bigint) with (fillfactor = 10);
  create table if not exists _restuary_log(
    seq bigint primary key, tx bigint not null, at bigint not null, resource text collate "C" not null, id text collate "C",
    op text not null, before text, after text, lists text, signature text, nonce bigint);
  create index if not exists _restuary_log_gone on _restuary_log(resource, id) where op = 'delete';
  create index if not exists _restuary_log_adopt on _restuary_log(seq) where op = 'adopt';
  create table if not exists _restuary_changed(
    resource text collate "C" primary key, seq bigint not null) with (fillfactor = 50);
  create table if not exists _restuary_meta(key text collate "C" primary key, value text not null);
  -- The versions of rows in tables that other programs have made.
  create table if not exists _restuary_version(
    resource text collate "C", id text collate "C", seq bigint not null, at bigint not null, primary key (resource, id));
  create table if not exists _restuary_kept(key text collate "C" primary key, until bigint not null, text text not null);
  create index if not exists _restuary_kept_until on _restuary_kept(until);
  -- What triggers have seen other programs write, until a node records it in the log.
  create table if not exists _restuary_captured(
    n bigint generated always as identity primary key, own boolean not null, schema name not null, name name not null,
    before jsonb, after jsonb);
  -- Without a write-ahead log: a crash of the server empties it (store/shared/shared-state.ts).
  create unlogged table if not exists _restuary_shared(
    key text collate "C" primary key, until bigint not null, text text not null, version bigint not null, was bigint not null);
  ${HEAD_AT_START}`
