A='it'\''s'
