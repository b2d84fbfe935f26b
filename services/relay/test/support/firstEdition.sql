-- A relay's database as the first edition wrote it, with an order.
create table orders (
  hash text primary key,
  maker text not null,
  meter text not null,
  microgrid bigint not null,
  side smallint not null,
  sources smallint not null,
  first_slot bigint not null,
  last_slot bigint not null,
  energy bigint not null,
  price numeric(29) not null,
  forward boolean not null,
  bond numeric(29) not null,
  counterparty text not null,
  nonce numeric(20) not null,
  counter numeric(20) not null,
  deadline bigint not null,
  signature text not null,
  signer text not null,
  delegate text,
  withdrawal text,
  state text not null,
  remaining_wh bigint not null,
  good_until bigint not null,
  received_at bigint not null,
  received_sequence bigint not null,
  updated_sequence bigint not null
);
create unique index orders_by_change on orders (updated_sequence);
create unique index orders_by_arrival on orders (received_sequence);
create index orders_by_maker on orders (maker, state);
create index orders_by_meter on orders (meter);
create index orders_of_wallets on orders (hash) where signer = 'wallet';
create index orders_by_end on orders (state, good_until);
create table checkpoints (
  number bigint primary key,
  hash text not null,
  time bigint not null,
  touched text not null
);
create table positions (
  id text primary key,
  seller text not null,
  buyer text not null
);
create table peers (url text primary key, sequence bigint not null);
create table meta (key text primary key, value text not null);
drop table peers;
create table peers (url text primary key, event_id text not null);
create table kysely_migration (name varchar(255) not null primary key, timestamp varchar(255) not null);
create table kysely_migration_lock (id varchar(255) not null primary key, is_locked integer default 0 not null);
insert into kysely_migration values
  ('0001-book', '2026-11-25T18:30:00.000Z'),
  ('0002-event-ids', '2026-11-28T17:41:00.000Z');
insert into kysely_migration_lock values ('migration_lock', 0);
insert into meta values
  ('deployment', '31337 0x5fbdb2315678afecb367f032d93f642f64180aa3'),
  ('epoch', '0123456789abcdef');
insert into checkpoints values (17, '0x11', 1800000000, '{}');
insert into orders values (
  '0xaa', '0x90F79bf6EB2c4f870365E785982E1f101E93b906', '0x0000000000000000000000000000000000000000', 1, 1, 127,
  2000000, 2000007, 500, 200000, false, 0, '0x0000000000000000000000000000000000000000', 1, 0, 1900000000, '0x12',
  'maker', null, null, 'live', 500, 1900000000, 1800000000, 1, 1
);
