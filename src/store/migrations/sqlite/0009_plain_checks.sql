-- 0009_plain_checks: SQLite builds a B-tree in memory for a list of three or more after IN, anew for each row that is
-- written: half of what accepting a job cost. The same conditions as plain comparisons cost next to nothing.
-- A condition cannot be altered otherwise than in the text of the schema (https://sqlite.org/lang_altertable.html,
-- "Making Other Kinds Of Table Schema Changes"); no row changes.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'role IN (''agent'', ''manager'', ''admin'')', 'role=''agent'' OR role=''manager'' OR role=''admin''')
  WHERE type='table' AND name='app_user';
UPDATE sqlite_schema SET sql = replace(sql, 'sync_state IN (''synced'', ''unsynced'', ''conflict'', ''held'', ''rejected'', ''ambiguous'')',
  'sync_state=''synced'' OR sync_state=''unsynced'' OR sync_state=''conflict'' OR sync_state=''held'' OR sync_state=''rejected'' OR sync_state=''ambiguous''')
  WHERE type='table' AND name='record';
UPDATE sqlite_schema SET sql = replace(sql, 'what IN (''cell'', ''add'', ''delete'', ''move'', ''restore'')',
  'what=''cell'' OR what=''add'' OR what=''delete'' OR what=''move'' OR what=''restore''')
  WHERE type='table' AND name='history';
UPDATE sqlite_schema SET sql = replace(sql, 'reason IN ('''', ''quota'', ''retry'', ''not_shared'', ''sheet_missing'', ''paused'')',
  'reason='''' OR reason=''quota'' OR reason=''retry'' OR reason=''not_shared'' OR reason=''sheet_missing'' OR reason=''paused''')
  WHERE type='table' AND name='spreadsheet';
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
  'direction IN (''to-sheet'', ''from-sheet'', ''two-way'', ''undo'', ''preview'')',
  'direction=''to-sheet'' OR direction=''from-sheet'' OR direction=''two-way'' OR direction=''undo'' OR direction=''preview'''),
  'state IN (''queued'', ''running'', ''held'', ''succeeded'', ''failed'', ''cancelled'')',
  'state=''queued'' OR state=''running'' OR state=''succeeded'' OR state=''failed'' OR state=''held'' OR state=''cancelled'''),
  '(state IN (''succeeded'', ''failed'', ''cancelled''))',
  '(state=''succeeded'' OR state=''failed'' OR state=''cancelled'')')
  WHERE type='table' AND name='sync_job';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''pending'', ''done'', ''dropped'')', 'state=''pending'' OR state=''done'' OR state=''dropped''')
  WHERE type='table' AND name='journal';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''open'', ''confirmed'', ''cancelled'')', 'state=''open'' OR state=''confirmed'' OR state=''cancelled''')
  WHERE type='table' AND name='hold';
PRAGMA writable_schema = RESET;
