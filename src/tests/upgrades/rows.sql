-- What people did in the tables of 0001_start: the same rows in both databases. Everybody has the password of the tests.
-- tokens.json has their tokens, the secret that the keys are sealed under, and the time.

INSERT INTO users (id, username, password_hash, created_at, password_changed_at, disabled_at) VALUES
('01a22485-ce50-76b6-8b77-119527fba391', 'ada', '$argon2id$v=19$m=64,t=1,p=1$0AG3Bjs5oD5qrFHWr+JHdg$f3pqbe6Rv9mT4+omGrwAMqhkSmkETYvk7+4kXxft32o', 1795909078608, 1795909078608, NULL),
('01a22485-dcff-7b05-8723-8420a13260da', 'bob', '$argon2id$v=19$m=64,t=1,p=1$XeIpoBt07UfMShk1ESlIEQ$fKIKOjJ1PS8CCH7ztc4Bty8u0QmTTdgPe+npn2SBsNY', 1795909082367, 1795909082412, NULL),
('01a22485-dd7b-76a5-bc59-c3e33d50dea4', 'eve@example.org', '$argon2id$v=19$m=64,t=1,p=1$MjwKPjbQJfHfJdRG4mpZ4Q$wOp3VMnZTTMHamG+ONRVBkh7QKhzPRDZePHDYeQhjwk', 1795909082491, 1795909082491, 1795909082857);

INSERT INTO sessions (id, user_id, client_id, generation, parent_generation, rotated_at, confirmed_at, token_digest,
    parent_digest, parent_agent, key_id, nonce, created_at, authenticated_at, last_seen_at, expires_at,
    idle_expires_at, idle_ms, remember, revoked_at, revocation_reason, name, browser, os, kind, user_agent, ip) VALUES
('01a22485-ce67-712d-9a45-51eaed6abd67', '01a22485-ce50-76b6-8b77-119527fba391', 'web', 2, 1, 1795909081201, 1795909081220, 'OuNDSkcza2x4XY_43mfzs8LhNrZFxEoYy2QfZLspQJc', 'e03YRP5vm6knFv9JMyUOdnW-dluDztIaf5Zz_cUQ0GY', '71mIoAARxgGQuqwT2Z9-Hf3htsYzDU6s5wj0Muj_cao', '-W7wkexs0PEf', 'lqEFUnagZj9LMMQZ6rC0Zg', 1795909078631, 1795909078631, 1795909081220, 1798501078631, 1797118681201, 1209600000, 1, NULL, NULL, NULL, 'Firefox', 'Linux', 'desktop', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', '127.0.0.1'),
('01a22485-ceb6-7800-a9a7-04cab1a22b2e', '01a22485-ce50-76b6-8b77-119527fba391', 'web', 1, 0, 1795909082435, 1795909082454, 'DeQvKpZVi7_SypyVzCN8z4PZt-qPUetNu-Np2sE5kB8', 'SfESF6pks52ijA16k6_fRgqfi59bzB6gf7sJti3ISvI', 'YwoA1Oq3hMyMjfL-_mIQxXqhjXOZMwAkw2XCQQUk5qQ', '-W7wkexs0PEf', 'uY8IsRVlo-nTWiwZIwAknw', 1795909078710, 1795909078710, 1795909082454, 1798501078710, 1797118682435, 1209600000, 1, NULL, NULL, 'Ada''s phone', 'Chrome', 'Android', 'phone', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', '127.0.0.1'),
('01a22485-cf2b-738a-ad01-c9d0f3b3956a', '01a22485-ce50-76b6-8b77-119527fba391', 'web', 0, NULL, 1795909078827, NULL, 'NQBaLvS8yLshQH3KCjaSwU1dd5p2xCuJMSSiINmTtXM', NULL, NULL, '-W7wkexs0PEf', 'PPxaiqTR3ZNjLtCKZZAT3g', 1795909078827, 1795909078827, 1795909078827, 1798501078827, 1797118678827, 1209600000, 1, 1795909078916, 'signed_out', NULL, 'Safari', 'macOS', 'desktop', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', '127.0.0.1'),
('01a22485-dd03-777b-ae8b-d2ec552930dd', '01a22485-dcff-7b05-8723-8420a13260da', 'web', 0, NULL, 1795909082371, 1795909082401, 'vdi_8cXZkzzZ2xEtW2A0QYw3haQcsWloIWqoP0w0kZU', NULL, NULL, '-W7wkexs0PEf', 'Cufhk4fRTx-F-v9FothqNA', 1795909082371, 1795909082412, 1795909082401, 1798501082371, 1797118682371, 1209600000, 1, NULL, NULL, NULL, 'Safari', 'macOS', 'desktop', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', '127.0.0.1'),
('01a22485-dd84-71bd-9e45-d8a69f7b42b2', '01a22485-dd7b-76a5-bc59-c3e33d50dea4', 'web', 0, NULL, 1795909082500, NULL, 'FEDPdtiREL2fUyyz6ySuOU56nGndh53_o9HCLS1njlk', NULL, NULL, '-W7wkexs0PEf', 'SI8wANY083U7KsAr8vWx6g', 1795909082500, 1795909082500, 1795909082500, 1798501082500, 1797118682500, 1209600000, 1, 1795909082857, 'operator', NULL, 'Chrome', 'Android', 'phone', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', '127.0.0.1');

INSERT INTO activity (user_id, kind, at, sid, ip, user_agent, detail) VALUES
('01a22485-ce50-76b6-8b77-119527fba391', 'signed_up', 1795909078608, NULL, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'signed_in', 1795909078631, '01a22485-ce67-712d-9a45-51eaed6abd67', '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'signed_in', 1795909078710, '01a22485-ceb6-7800-a9a7-04cab1a22b2e', '127.0.0.1', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'sign_in_failed', 1795909078791, NULL, '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'signed_in', 1795909078827, '01a22485-cf2b-738a-ad01-c9d0f3b3956a', '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'session_renamed', 1795909078886, '01a22485-ceb6-7800-a9a7-04cab1a22b2e', '127.0.0.1', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', NULL),
('01a22485-ce50-76b6-8b77-119527fba391', 'signed_out', 1795909078916, '01a22485-cf2b-738a-ad01-c9d0f3b3956a', '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', 'signed_out'),
('01a22485-dcff-7b05-8723-8420a13260da', 'signed_up', 1795909082367, NULL, '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', NULL),
('01a22485-dcff-7b05-8723-8420a13260da', 'signed_in', 1795909082371, '01a22485-dd03-777b-ae8b-d2ec552930dd', '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', NULL),
('01a22485-dcff-7b05-8723-8420a13260da', 'password_changed', 1795909082412, '01a22485-dd03-777b-ae8b-d2ec552930dd', '127.0.0.1', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15', NULL),
('01a22485-dd7b-76a5-bc59-c3e33d50dea4', 'signed_up', 1795909082491, NULL, '127.0.0.1', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', NULL),
('01a22485-dd7b-76a5-bc59-c3e33d50dea4', 'signed_in', 1795909082500, '01a22485-dd84-71bd-9e45-d8a69f7b42b2', '127.0.0.1', 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36', NULL),
('01a22485-dd7b-76a5-bc59-c3e33d50dea4', 'session_ended', 1795909082857, '01a22485-dd84-71bd-9e45-d8a69f7b42b2', NULL, '', 'operator');

INSERT INTO keys (id, purpose, algorithm, sealed, created_at, active_at, expires_at) VALUES
('8944y91-LvOv', 'access', 'EdDSA', 'bCnQQgB3d5f6TJC4IKlcS1ZEjo-QyPS6CPxo0-DAXQMZEt95k5nwyGjl6zrJDyPLqnDLiMZZQHHMoT1HcZLP7VdBYbr4r1Bdh47NMQ', 1795909077844, 1795909077844, NULL),
('-W7wkexs0PEf', 'refresh', 'HS512', '1FBcrYQx2wcQDZFZn_7lAmdVKIAYC7Z3eOItPGwvBLKfBV5C8qzBeRzcxL1xytLsNtB6UWZLrFyKmSaXvO4OW0fYsSv0sZ3XsHI1_8mRCRnGi2CjioueJ2axWK8', 1795909077844, 1795909077844, NULL);

INSERT INTO web_sessions (id, data, expires_at) VALUES
('06NBUprvhLqVK9vHTLuWzzKp0J-s5LCBQsEjdtWWXJY', '[{"sid":"01a22485-dd03-777b-ae8b-d2ec552930dd","kept_until":1798501082371},1798501082371]', 1798501082371),
('NqfmQEqTR9VwIHyRPOXJPDtBJh76PncQ9MnsX4tnF4Y', '[{"kept_until":1798501078631,"sid":"01a22485-ce67-712d-9a45-51eaed6abd67"},1798501078631]', 1798501078631),
('PE7WBvGOicRxi6TDRScr1D_-n2TdSNA9HYrTMhRGFGA', '[{"kept_until":1798501082500,"sid":"01a22485-dd84-71bd-9e45-d8a69f7b42b2"},1798501082500]', 1798501082500),
('sK_tyaYO2f6kTzQkUYqv3cPQpSkXe-r_4x61eIXpd6Q', '[{"kept_until":1798501078710,"sid":"01a22485-ceb6-7800-a9a7-04cab1a22b2e"},1798501078710]', 1798501078710);
