"""What the browser shows. Imports `fer`, never `training`."""
