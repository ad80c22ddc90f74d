-- The tables of the first version.

CREATE TABLE server (
  name TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_activation (
  server TEXT NOT NULL DEFAULT '',
  service TEXT NOT NULL DEFAULT '',
  activated INTEGER NOT NULL DEFAULT 0,
  recovery TEXT NOT NULL DEFAULT '',
  maximum_restarts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (server, service)
) STRICT, WITHOUT ROWID;

CREATE TABLE enterprise_parameter (
  name TEXT NOT NULL DEFAULT '',
  value TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_parameter (
  service TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  server TEXT NOT NULL DEFAULT '',
  value TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (service, name, server)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_manager_group (
  name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_manager_group_members (
  call_manager_group TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  item TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (call_manager_group, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE region (
  name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE region_maximum_codec (
  region TEXT NOT NULL DEFAULT '',
  item TEXT NOT NULL DEFAULT '',
  value TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (region, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE location (
  name TEXT NOT NULL DEFAULT '',
  audio_bandwidth_kbps INTEGER NOT NULL DEFAULT 0,
  video_bandwidth_kbps INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE date_time_group (
  name TEXT NOT NULL DEFAULT '',
  time_zone TEXT NOT NULL DEFAULT '',
  date_template TEXT NOT NULL DEFAULT '',
  ntp_servers TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE softkey_template (
  name TEXT NOT NULL DEFAULT '',
  on_hook TEXT NOT NULL DEFAULT '',
  connected TEXT NOT NULL DEFAULT '',
  on_hold TEXT NOT NULL DEFAULT '',
  ring_in TEXT NOT NULL DEFAULT '',
  off_hook TEXT NOT NULL DEFAULT '',
  connected_transfer TEXT NOT NULL DEFAULT '',
  digits_after_first TEXT NOT NULL DEFAULT '',
  connected_conference TEXT NOT NULL DEFAULT '',
  ring_out TEXT NOT NULL DEFAULT '',
  off_hook_with_feature TEXT NOT NULL DEFAULT '',
  remote_in_use TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE button_template (
  name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE button_template_buttons (
  button_template TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL DEFAULT '',
  label TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (button_template, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE product (
  name TEXT NOT NULL DEFAULT '',
  model TEXT NOT NULL DEFAULT '',
  protocols TEXT NOT NULL DEFAULT '',
  device_type INTEGER NOT NULL DEFAULT 0,
  buttons INTEGER NOT NULL DEFAULT 0,
  maximum_lines INTEGER NOT NULL DEFAULT 0,
  calls_per_line INTEGER NOT NULL DEFAULT 0,
  maximum_version INTEGER NOT NULL DEFAULT 0,
  button_template TEXT NOT NULL DEFAULT '',
  softkey_template TEXT NOT NULL DEFAULT '',
  sip_file TEXT NOT NULL DEFAULT '',
  digest_sha256 INTEGER NOT NULL DEFAULT 0,
  family TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE firmware_file (
  name TEXT NOT NULL DEFAULT '',
  sha256 TEXT NOT NULL DEFAULT '',
  size INTEGER NOT NULL DEFAULT 0,
  category TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_pool (
  name TEXT NOT NULL DEFAULT '',
  call_manager_group TEXT NOT NULL DEFAULT '',
  region TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  date_time_group TEXT NOT NULL DEFAULT '',
  softkey_template TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  user_locale TEXT NOT NULL DEFAULT '',
  network_locale TEXT NOT NULL DEFAULT '',
  revert_priority INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_defaults (
  product TEXT NOT NULL DEFAULT '',
  protocol TEXT NOT NULL DEFAULT '',
  firmware_load TEXT NOT NULL DEFAULT '',
  device_pool TEXT NOT NULL DEFAULT '',
  button_template TEXT NOT NULL DEFAULT '',
  softkey_template TEXT NOT NULL DEFAULT '',
  rollout_load TEXT NOT NULL DEFAULT '',
  rollout_percent INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (product, protocol)
) STRICT, WITHOUT ROWID;

CREATE TABLE partition (
  name TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE calling_search_space (
  name TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE calling_search_space_partitions (
  calling_search_space TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  item TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (calling_search_space, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
  user_id TEXT NOT NULL DEFAULT '',
  first_name TEXT NOT NULL DEFAULT '',
  last_name TEXT NOT NULL DEFAULT '',
  mail TEXT NOT NULL DEFAULT '',
  department TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '',
  password TEXT NOT NULL DEFAULT '',
  pin TEXT NOT NULL DEFAULT '',
  digest_password TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_devices (
  user TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  item TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (user, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_token (
  name TEXT NOT NULL DEFAULT '',
  user TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '',
  hash TEXT NOT NULL DEFAULT '',
  created TEXT NOT NULL DEFAULT '',
  expires TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE directory_number (
  pattern TEXT NOT NULL DEFAULT '',
  partition TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  display TEXT NOT NULL DEFAULT '',
  alerting_name TEXT NOT NULL DEFAULT '',
  external_mask TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  forward_all_destination TEXT NOT NULL DEFAULT '',
  forward_all_calling_search_space TEXT NOT NULL DEFAULT '',
  forward_all_seconds INTEGER NOT NULL DEFAULT 0,
  forward_busy_destination TEXT NOT NULL DEFAULT '',
  forward_busy_calling_search_space TEXT NOT NULL DEFAULT '',
  forward_busy_seconds INTEGER NOT NULL DEFAULT 0,
  forward_no_answer_destination TEXT NOT NULL DEFAULT '',
  forward_no_answer_calling_search_space TEXT NOT NULL DEFAULT '',
  forward_no_answer_seconds INTEGER NOT NULL DEFAULT 0,
  forward_unregistered_destination TEXT NOT NULL DEFAULT '',
  forward_unregistered_calling_search_space TEXT NOT NULL DEFAULT '',
  forward_unregistered_seconds INTEGER NOT NULL DEFAULT 0,
  auto_answer TEXT NOT NULL DEFAULT '',
  inactive INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (pattern, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone (
  name TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  protocol TEXT NOT NULL DEFAULT '',
  product TEXT NOT NULL DEFAULT '',
  device_pool TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  button_template TEXT NOT NULL DEFAULT '',
  softkey_template TEXT NOT NULL DEFAULT '',
  firmware_load TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',
  digest_user TEXT NOT NULL DEFAULT '',
  user_locale TEXT NOT NULL DEFAULT '',
  network_locale TEXT NOT NULL DEFAULT '',
  phone_password TEXT NOT NULL DEFAULT '',
  vendor_config TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (name)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone_lines (
  phone TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  directory_number TEXT NOT NULL DEFAULT '',
  partition TEXT NOT NULL DEFAULT '',
  label TEXT NOT NULL DEFAULT '',
  display TEXT NOT NULL DEFAULT '',
  external_mask TEXT NOT NULL DEFAULT '',
  maximum_calls INTEGER NOT NULL DEFAULT 0,
  busy_trigger INTEGER NOT NULL DEFAULT 0,
  ring TEXT NOT NULL DEFAULT '',
  ring_in_use TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (phone, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone_speed_dials (
  phone TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  index_number INTEGER NOT NULL DEFAULT 0,
  number TEXT NOT NULL DEFAULT '',
  label TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (phone, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE phone_service_urls (
  phone TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  label TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (phone, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE translation_pattern (
  pattern TEXT NOT NULL DEFAULT '',
  partition TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  urgent_priority INTEGER NOT NULL DEFAULT 0,
  provide_outside_dial_tone INTEGER NOT NULL DEFAULT 0,
  block TEXT NOT NULL DEFAULT '',
  called_party_discard TEXT NOT NULL DEFAULT '',
  called_party_transform_mask TEXT NOT NULL DEFAULT '',
  called_party_prefix TEXT NOT NULL DEFAULT '',
  use_calling_party_external_mask INTEGER NOT NULL DEFAULT 0,
  calling_party_transform_mask TEXT NOT NULL DEFAULT '',
  calling_party_prefix TEXT NOT NULL DEFAULT '',
  calling_line_presentation TEXT NOT NULL DEFAULT '',
  calling_name_presentation TEXT NOT NULL DEFAULT '',
  connected_line_presentation TEXT NOT NULL DEFAULT '',
  connected_name_presentation TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (pattern, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE route_pattern (
  pattern TEXT NOT NULL DEFAULT '',
  partition TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  number TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  urgent_priority INTEGER NOT NULL DEFAULT 0,
  provide_outside_dial_tone INTEGER NOT NULL DEFAULT 0,
  allow_overlap_sending INTEGER NOT NULL DEFAULT 0,
  off_net INTEGER NOT NULL DEFAULT 0,
  block TEXT NOT NULL DEFAULT '',
  called_party_discard TEXT NOT NULL DEFAULT '',
  called_party_transform_mask TEXT NOT NULL DEFAULT '',
  called_party_prefix TEXT NOT NULL DEFAULT '',
  use_calling_party_external_mask INTEGER NOT NULL DEFAULT 0,
  calling_party_transform_mask TEXT NOT NULL DEFAULT '',
  calling_party_prefix TEXT NOT NULL DEFAULT '',
  calling_line_presentation TEXT NOT NULL DEFAULT '',
  calling_name_presentation TEXT NOT NULL DEFAULT '',
  connected_line_presentation TEXT NOT NULL DEFAULT '',
  connected_name_presentation TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (pattern, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE auto_registration (
  call_manager TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 0,
  start_number TEXT NOT NULL DEFAULT '',
  end_number TEXT NOT NULL DEFAULT '',
  partition TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  device_pool TEXT NOT NULL DEFAULT '',
  external_mask TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (call_manager)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_state (
  setting TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  value TEXT NOT NULL DEFAULT '',
  calling_search_space TEXT NOT NULL DEFAULT '',
  stamp INTEGER NOT NULL DEFAULT 0,
  server TEXT NOT NULL DEFAULT '',
  actor TEXT NOT NULL DEFAULT '',
  administrative INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (setting, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
  identity TEXT NOT NULL DEFAULT '',
  node INTEGER NOT NULL DEFAULT 0,
  server TEXT NOT NULL DEFAULT '',
  addresses TEXT NOT NULL DEFAULT '',
  replication_port INTEGER NOT NULL DEFAULT 0,
  signals_port INTEGER NOT NULL DEFAULT 0,
  files_port INTEGER NOT NULL DEFAULT 0,
  sealing_key TEXT NOT NULL DEFAULT '',
  certificates TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL DEFAULT 0,
  joined_at TEXT NOT NULL DEFAULT '',
  removed_at TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (identity)
) STRICT, WITHOUT ROWID;

CREATE TABLE cluster_authority (
  fingerprint TEXT NOT NULL DEFAULT '',
  cluster TEXT NOT NULL DEFAULT '',
  generation INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT '',
  certificate TEXT NOT NULL DEFAULT '',
  wrapped_key TEXT NOT NULL DEFAULT '',
  envelopes TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (fingerprint)
) STRICT, WITHOUT ROWID;
