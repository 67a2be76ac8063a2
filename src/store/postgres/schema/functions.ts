import { foldAlphabets } from '../../../query/folding/fold.ts'

/** A text in SQL. It needs no escapes, as long as backslashes stand for themselves (the default since PostgreSQL 9.1). */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The error code of a unit of work that has to run again, because another node has committed meanwhile. */
export const STALE = 'RS001'
/** The error code of a query that has visited all the rows that it may. */
export const EXHAUSTED = 'RS002'

/**
 * What tells whether the server has started again, or its tables come from a dump, since a position was told: the moment at
 * which it started, and the identity of the table. Clients may then hold positions of commits that were lost.
 */
export const BOOT = `extract(epoch from pg_postmaster_start_time())::text || ' ' || tableoid::text`

/** The functions that our statements call, made anew where this text has changed. */
export const functionsText = (): string => `${readingFunctions()}; ${WRITING_FUNCTIONS}`

/** The same for statements that only read, in the schema of temporary objects, so that nothing of the database is changed. */
export const passingFunctions = (): string =>
  `begin read write; ${withFunctionsOf(PASSING, readingFunctions())}; commit`

/** The schema of temporary objects. Functions in it are found only by their full names. */
export const PASSING = 'pg_temp'

/** SQL that calls our functions, or makes them, by their full names. */
export const withFunctionsOf = (schema: string, text: string): string =>
  text.replaceAll(/\brestuary_(?:fold|number|value|type|key|spelled|stored|visit)\(/g, `${schema}.$&`)

function readingFunctions(): string {
  const { from, to } = foldAlphabets()
  return `
    create or replace function restuary_fold(t text) returns text language sql immutable strict parallel safe as
      $$ select translate(normalize(t, NFC), ${quoted(from)}, ${quoted(to)}) $$;
    -- A number as JavaScript writes it.
    create or replace function restuary_number(n numeric) returns text language sql immutable strict parallel safe as
      $$ select case when abs(n) >= 1e21 or (abs(n) < 1e-6 and n <> 0)
        then regexp_replace(n::double precision::text, 'e([+-])0', 'e\\1') else trim_scale(n)::text end $$;
    create or replace function restuary_value(e jsonb) returns text language sql immutable strict parallel safe as
      $$ select case jsonb_typeof(e) when 'null' then null when 'boolean' then (e #>> '{}')::boolean::int::text
        when 'number' then restuary_number((e #>> '{}')::numeric) else e #>> '{}' end $$;
    create or replace function restuary_type(e jsonb) returns text language sql immutable strict parallel safe as
      $$ select case jsonb_typeof(e) when 'string' then 'text' when 'boolean' then e #>> '{}' else jsonb_typeof(e) end $$;
    -- Ids of tables that other programs have made: model/key-text.ts and schema/read/spelled-id.ts say the same in JavaScript.
    create or replace function restuary_key(form text, variadic parts text[]) returns text language plpgsql immutable parallel safe as $$
      declare shown text[]; id text; part text; sign text;
      begin
        if right(form, 1) = 'n' and parts[cardinality(parts)] = '1' then parts := parts[:cardinality(parts) - 1]; end if;
        foreach part in array parts loop
          part := replace(replace(part, '%', '%25'), '~', '%7E');
          if part ~ '[\u0001-\u001f\u007f-\u009f]' then
            for sign in select distinct m[1] from regexp_matches(part, '([\u0001-\u001f\u007f-\u009f])', 'g') as m loop
              part := replace(part, sign, '%' || lpad(upper(to_hex(ascii(sign))), 2, '0'));
            end loop;
          end if;
          shown := shown || coalesce(part, '%');
        end loop;
        id := array_to_string(shown, '~');
        return case when id = '' then '%t' when id in ('.', '..') then replace(id, '.', '%2E') else id end;
      end $$;
    create or replace function restuary_spelled(id text) returns text language sql immutable strict parallel safe as
      $$ select case id when '.' then '%2E' when '..' then '%2E%2E' when '' then '%'
        else case when id ~ '^%(25)*(2E(%2E)?)?$' then '%25' || substr(id, 2) else id end end $$;
    create or replace function restuary_stored(id text) returns text language sql immutable strict parallel safe as
      $$ select case id when '%2E' then '.' when '%2E%2E' then '..' when '%' then ''
        else case when id ~ '^%25(25)*(2E(%2E)?)?$' then '%' || substr(id, 4) else id end end $$;
    -- Counts the rows that a statement visits. The low cost makes PostgreSQL call it before it tests anything else of a row.
    create or replace function restuary_visit() returns boolean language plpgsql volatile cost 0.0001 as $$
      declare rest int := current_setting('restuary.visits')::int;
      begin
        if rest <= 0 then raise exception 'more rows were visited than allowed' using errcode = '${EXHAUSTED}'; end if;
        perform set_config('restuary.visits', (rest - 1)::text, true);
        return true;
      end $$`
}

const WRITING_FUNCTIONS = `
    -- Captures what another program writes. A statement of ours is recorded by us, but not what it leads to in other tables.
    create or replace function restuary_capture() returns trigger language plpgsql security definer set search_path from current as $$
      begin
        if tg_op = 'TRUNCATE' then
          execute format('insert into _restuary_captured(own, schema, name, before) select $1, $2, $3, to_jsonb(t) from %I.%I as t',
            tg_table_schema, tg_table_name) using tg_argv[0] = 'own', tg_table_schema, tg_table_name;
        elsif current_setting('restuary.writing', true) is distinct from 'on' or pg_trigger_depth() > 1 then
          insert into _restuary_captured(own, schema, name, before, after) values (tg_argv[0] = 'own', tg_table_schema, tg_table_name,
            case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
        end if;
        return null;
      end $$;
    -- Waits for the turn of a node that writes, until the transaction of the node before it is over. That node may hang, so the wait
    -- is short: turns only spare nodes work that would come to nothing.
    create or replace function restuary_turn() returns void language plpgsql set lock_timeout = '25ms' as $$
      begin
        perform pg_advisory_xact_lock(hashtext('restuary turn'), '_restuary_head'::regclass::oid::int);
      exception when lock_not_available then
      end $$;
    -- Moves the head at the end of a group, from where the group has taken it to be. It fails if another node was faster, or if the
    -- server has started again, so that nothing of the group is committed.
    create or replace function restuary_advance(base bigint, was bigint, term text, head bigint, by bigint, resources text[], seqs bigint[])
      returns void language plpgsql as $$
      begin
        update _restuary_head set pos = head, nonce = by
          where k = 1 and pos = base and nonce is not distinct from was and epoch = term and boot = ${BOOT};
        if not found then raise exception 'another node has committed' using errcode = '${STALE}'; end if;
        insert into _restuary_changed select * from unnest(resources, seqs)
          on conflict (resource) do update set seq = excluded.seq;
      end $$`
