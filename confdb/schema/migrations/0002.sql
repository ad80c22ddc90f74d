-- Homing: ports of each server, SRST references, device weights.

CREATE TABLE srst_reference (
  name TEXT NOT NULL DEFAULT '',
  addresses TEXT NOT NULL DEFAULT '',
  port INTEGER NOT NULL DEFAULT 0,
  sip_addresses TEXT NOT NULL DEFAULT '',
  sip_port INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

ALTER TABLE device_pool ADD COLUMN srst_reference TEXT NOT NULL DEFAULT '';

ALTER TABLE server ADD COLUMN sccp_port INTEGER NOT NULL DEFAULT 0;
ALTER TABLE server ADD COLUMN sip_port INTEGER NOT NULL DEFAULT 0;
ALTER TABLE server ADD COLUMN secure_sip_port INTEGER NOT NULL DEFAULT 0;

ALTER TABLE product ADD COLUMN device_weight INTEGER NOT NULL DEFAULT 0;
