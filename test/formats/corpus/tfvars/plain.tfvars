# region
region = "eu-central-1"
instance_count = 3
enabled = true
