// Kafka's Java producer and consumer of today behind a pipe: see java_client.py.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class JavaClientNow {
    private static final long WITHIN_MS = 30_000;

    private final DataInputStream in = new DataInputStream(System.in);
    private final DataOutputStream out = new DataOutputStream(System.out);
    private final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();
    private KafkaConsumer<byte[], byte[]> consumer;
    private String bootstrap;

    public static void main(String[] arguments) throws Exception {
        new JavaClientNow().serve();
    }

    private void serve() throws Exception {
        while (true) {
            int command;
            try {
                command = in.readByte();
            } catch (EOFException end) {
                forget();
                return;
            }
            switch (command) {
                case 'b' -> meet(readText());
                case 'w' -> write();
                default -> read();
            }
            out.flush();
        }
    }

    /** The brokers that all that follows is about. */
    private void meet(String brokers) {
        forget();
        bootstrap = brokers;
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "fetch.max.wait.ms", 10);
        consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void forget() {
        producers.values().forEach(producer -> producer.close(Duration.ofSeconds(1)));
        producers.clear();
        if (consumer != null) {
            consumer.close();
        }
    }

    /** Topic, codec, batches; answers with the offset of each record. */
    private void write() throws IOException, InterruptedException, ExecutionException {
        String topic = readText();
        KafkaProducer<byte[], byte[]> producer = producers.computeIfAbsent(readText(), this::producer);
        int batches = in.readInt();
        List<Future<RecordMetadata>> outcomes = new ArrayList<>();
        for (int batch = 0; batch < batches; batch++) {
            int count = in.readInt();
            for (int number = 0; number < count; number++) {
                int partition = in.readInt();
                long timestamp = in.readLong();
                byte[] key = readNullable();
                byte[] value = readNullable();
                outcomes.add(producer.send(new ProducerRecord<>(
                    topic, partition, timestamp < 0 ? null : timestamp, key, value, readHeaders())));
            }
            producer.flush();
        }
        for (Future<RecordMetadata> outcome : outcomes) {
            out.writeLong(outcome.get().offset());
        }
    }

    private KafkaProducer<byte[], byte[]> producer(String codec) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrap, "compression.type", codec,
            "linger.ms", 60_000, "batch.size", 900_000, "max.block.ms", WITHIN_MS);
        return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Topic, number of partitions, number of records; answers with what came in time. */
    private void read() throws IOException {
        String topic = readText();
        List<TopicPartition> partitions = new ArrayList<>();
        int last = in.readInt();
        for (int id = 0; id < last; id++) {
            partitions.add(new TopicPartition(topic, id));
        }
        int count = in.readInt();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        long deadline = System.currentTimeMillis() + WITHIN_MS;
        while (records.size() < count && System.currentTimeMillis() < deadline) {
            consumer.poll(Duration.ofMillis(200)).forEach(records::add);
        }
        consumer.unsubscribe();
        out.writeInt(records.size());
        for (ConsumerRecord<byte[], byte[]> record : records) {
            out.writeInt(record.partition());
            out.writeLong(record.offset());
            out.writeLong(record.timestamp());
            out.writeByte(record.timestampType().id);
            writeNullable(record.key());
            writeNullable(record.value());
            Header[] headers = record.headers().toArray();
            out.writeInt(headers.length);
            for (Header header : headers) {
                writeNullable(header.key().getBytes(StandardCharsets.UTF_8));
                writeNullable(header.value());
            }
        }
    }

    private List<Header> readHeaders() throws IOException {
        List<Header> headers = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            headers.add(new RecordHeader(readText(), readNullable()));
        }
        return headers;
    }

    private String readText() throws IOException {
        return new String(readNullable(), StandardCharsets.UTF_8);
    }

    private byte[] readNullable() throws IOException {
        int size = in.readInt();
        return size < 0 ? null : in.readNBytes(size);
    }

    private void writeNullable(byte[] bytes) throws IOException {
        out.writeInt(bytes == null ? -1 : bytes.length);
        if (bytes != null) {
            out.write(bytes);
        }
    }
}
